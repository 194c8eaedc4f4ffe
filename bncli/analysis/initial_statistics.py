"""Which channels still have the running statistics of a new layer, as every framework starts them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bncli.core.batch_norm_layer import BatchNormLayer


def has_initial_statistics(layer: BatchNormLayer) -> NDArray[np.bool_]:
    """Return which channels have mean exactly 0 and variance exactly 1, shape (C,)."""
    is_initial: NDArray[np.bool_] = (layer.running_mean == 0) & (layer.running_var == 1)
    return is_initial

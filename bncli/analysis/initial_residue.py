"""What a layer's running statistics still hold of their initial values, by its own counter and momentum."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bncli.core.momentum import residue

if TYPE_CHECKING:
    from bncli.core.batch_norm_layer import BatchNormLayer


def initial_residue(layer: BatchNormLayer) -> float | None:
    """Return `(1 - m)^T`, the weight that the initial mean 0 and variance 1 still have after T updates.

    Returns:
        `None` where nothing tells: for a counter that is below 1 or no number, and for a momentum that is no weight or
        the cumulative average.
    """
    counter, momentum = layer.num_batches_tracked, layer.momentum.value
    if counter is None or not 1 <= counter < math.inf or momentum is None or not 0 <= momentum <= 1:
        return None
    return residue(momentum, counter)

"""Values copied into float64, which holds every value of a narrower type exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bncli.core.float16_bits import widened_to_float32

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bncli.core.named_arrays import Array


def widen(wide: NDArray[np.float64], values: Array) -> None:
    """Copy values of any floating type into a float64 array of their shape."""
    with np.errstate(invalid="ignore"):  # signalling NaN
        np.copyto(wide, without_float16(values))


def without_float16(values: Array) -> Array:
    """Return values of float16 in float32, which last until the same thread asks again; others as they are."""
    return widened_to_float32(values) if values.dtype == np.float16 else values

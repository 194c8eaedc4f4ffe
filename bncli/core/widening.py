"""Values copied into float64, which holds every value of a narrower type exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bncli.core.thread_memory import reused

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bncli.core.named_arrays import Array

_EXPONENT = np.int16(0x7C00)
"""All bits of float16's exponent: together they say infinity or NaN."""
_MANTISSA_SHIFT = 13
"""Float32 has 23 bits of mantissa, float16 has 10."""
_SIGN_AND_VALUE = np.int32(0x0FFFFFFF - 0x80000000)
_BIAS_APART = np.float32(2.0**112)
"""The exponents of float32 count from 127, those of float16 from 15."""


def widen(wide: NDArray[np.float64], values: Array) -> None:
    """Copy values of any floating type into a float64 array of their shape."""
    if values.dtype != np.float16 or not _widen_finite(wide, values):
        np.copyto(wide, values)


def _widen_finite(wide: NDArray[np.float64], values: Array) -> bool:
    """Copy values of float16 by way of float32; copy nothing and return `False` where one is NaN or infinite.

    NumPy's own conversion takes twice as long. The bits of a float16, put in the places of a float32, are its value
    but for a power of two, below the normal range as well.
    """
    bits = values.view(np.int16)
    exponents = np.bitwise_and(bits, _EXPONENT, out=reused("exponents", values.shape, np.int16))
    if exponents.max(initial=0) == _EXPONENT:
        return False
    moved = reused("moved", values.shape, np.int32)
    np.copyto(moved, bits)
    moved <<= _MANTISSA_SHIFT
    moved &= _SIGN_AND_VALUE  # the sign had spread to the bits above the exponent
    narrow = moved.view(np.float32)
    narrow *= _BIAS_APART
    np.copyto(wide, narrow)
    return True

"""Conversions from and to float16 by way of float32's bits, in a half or less of the time that NumPy's own take."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bncli.core.thread_memory import reused

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bncli.core.named_arrays import Array

_MANTISSA_SHIFT = 13
"""Float32 has 23 bits of mantissa, float16 has 10."""
_BIAS_APART = np.float32(2.0**112)
"""The exponents of float32 count from 127, those of float16 from 15."""
_INFINITY = 0x7C00
"""The bits of float16's infinity; above it lie those of NaN."""
_NEGATIVE_INFINITY = 0xFC00
_SIGN_AND_VALUE = np.int32(0x0FFFFFFF - 0x80000000)
_DROPPED = np.int32((1 << _MANTISSA_SHIFT) - 1)
_TIE = np.int32(1 << (_MANTISSA_SHIFT - 1))
_OVERFLOW = np.float32(65536.0)
"""Moved, its bits are those of infinity."""
_SIGN = np.int32(0x8000)
_SIGN_SHIFT = 3
"""Where the sign lies after the mantissa is moved, counted from where float16 has it."""


def widened_to_float32(values: Array) -> NDArray[np.float32]:
    """Return values of float16 in float32; they last until the same thread asks again."""
    narrow = reused("float32 of float16", values.shape, np.float32)
    if _is_finite(values):
        _move_up(narrow.view(np.int32), values)
        narrow *= _BIAS_APART
    else:
        np.copyto(narrow, values)
    return narrow


def _is_finite(values: Array) -> bool:
    has_infinity = values.view(np.int16).max(initial=0) >= _INFINITY
    return not (has_infinity or values.view(np.uint16).max(initial=0) >= _NEGATIVE_INFINITY)


def _move_up(bits: NDArray[np.int32], values: Array) -> None:
    """Put the bits of finite values where float32 has them: the value but for a power of two, subnormal ones too."""
    np.copyto(bits, values.view(np.int16))
    bits <<= _MANTISSA_SHIFT
    bits &= _SIGN_AND_VALUE  # the sign had spread to the bits above the exponent


def round_into_float16(rounded: Array, values: NDArray[np.float64]) -> None:
    """Round values to nearest, ties to even, into a float16 array of their shape. Overflow gives infinity.

    On the way they are rounded to float32, which can make a tie of what is none, but moves no value past one. Ties, one
    in 8,192 of arbitrary values, are left to NumPy's conversion, and so is NaN.
    """
    narrow = reused("float32 on the way to float16", values.shape, np.float32)
    is_tie, is_nan = reused("is tie", values.shape, np.bool_), reused("is NaN", values.shape, np.bool_)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        np.copyto(narrow, values, casting="same_kind")
        np.isnan(narrow, out=is_nan)
        np.clip(narrow, -_OVERFLOW, _OVERFLOW, out=narrow)
        narrow /= _BIAS_APART
        _move_down(narrow.view(np.int32), is_tie)
        np.copyto(rounded.view(np.int16), narrow.view(np.int32), casting="same_kind")
        places = np.flatnonzero(np.logical_or(is_tie, is_nan, out=is_tie))
        rounded.flat[places] = values.flat[places]


def _move_down(bits: NDArray[np.int32], is_tie: NDArray[np.bool_]) -> None:
    """Round the bits of float32 to where float16 has them, and say where that was a tie."""
    part = reused("part of bits", bits.shape, np.int32)
    np.bitwise_and(bits, _DROPPED, out=part)
    np.equal(part, _TIE, out=is_tie)
    bits += _TIE
    bits >>= _MANTISSA_SHIFT
    np.right_shift(bits, _SIGN_SHIFT, out=part)
    part &= _SIGN
    bits |= part

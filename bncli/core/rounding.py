"""Rounding of float64 results to the dtype of an output, once and to nearest; bfloat16 included, which NumPy lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from bncli.core.float16_bits import round_into_float16

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bncli.core.named_arrays import Array

_MANY = 1 << 10
"""Values from which on the passes over their bits take less time than NumPy's conversion."""
FLOAT_DTYPES: Final = ("float64", "float32", "float16", "bfloat16")
"""The element types that batch normalization takes."""


def stored_dtype(dtype: str) -> np.dtype[Any]:
    """Return NumPy's type that holds values of one of `FLOAT_DTYPES`: float32 for bfloat16."""
    return np.dtype("float32" if dtype == "bfloat16" else dtype)


def round_to(values: NDArray[np.float64], dtype: str) -> Array:
    """Return `values` rounded to nearest, ties to even, in one of `FLOAT_DTYPES`.

    For `bfloat16` the result is float32 that holds only values of bfloat16. Overflow gives infinity.
    """
    rounded: Array = np.empty(values.shape, stored_dtype(dtype))
    round_into(rounded, values, dtype)
    return rounded


def round_into(rounded: Array, values: NDArray[np.float64], dtype: str) -> None:
    """Round as `round_to` does, into an array of the stored type."""
    if dtype == "bfloat16":
        rounded[...] = round_to_bfloat16(values)
    elif dtype == "float16" and values.size >= _MANY:
        round_into_float16(rounded, values)
    else:
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            np.copyto(rounded, values, casting="unsafe")


def round_to_bfloat16(values: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return `values` rounded to nearest in bfloat16, ties to even, held in float32.

    Rounding through float32 would round twice; the step in between therefore rounds to odd, which keeps what the
    second rounding must know.

    References:
        S. Boldo, G. Melquiond, "Emulation of FMA and correctly rounded sums: proved algorithms using rounding to odd",
        IEEE Trans. Computers 57(4), 2008.
    """
    wide = np.asarray(values, np.float64)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        narrow = wide.astype(np.float32)
    bits = narrow.view(np.uint32)
    inexact = (narrow != wide) & ~np.isnan(wide)
    bits -= (np.abs(narrow) > np.abs(wide)).astype(np.uint32)
    bits |= inexact.astype(np.uint32)
    is_nan = np.isnan(wide)
    bits += np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))
    bits &= np.uint32(0xFFFF0000)
    narrow[is_nan] = np.nan
    return narrow

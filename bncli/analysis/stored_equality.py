"""Whether two files hold the same numbers, where one may hold them in a narrower element type."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bncli.core.rounding import FLOAT_DTYPES, round_to

if TYPE_CHECKING:
    from bncli.core.batch_norm_layer import BatchNormLayer
    from bncli.core.named_arrays import Array

_LOW_HALF = np.uint32(0xFFFF)


def are_equal(some: Array, others: Array, dtypes: tuple[str, str]) -> bool:
    """Return whether two arrays of one shape are equal, value by value; NaN equals NaN.

    Of different element types the wider one is rounded to the narrower first: a half-precision copy equals its
    original.

    Args:
        some: values of the first element type, bfloat16 widened to float32.
        others: values of the second.
        dtypes: the two stored element types.
    """
    if dtypes[0] != dtypes[1]:
        # float16 and bfloat16 hold none of each other's values: both roundings have to be made.
        for dtype in set(dtypes) & set(FLOAT_DTYPES):
            some, others = round_to(some.astype(np.float64), dtype), round_to(others.astype(np.float64), dtype)
    return bool(np.array_equal(some, others, equal_nan=True))


def stored_dtype(layer: BatchNormLayer, values: Array) -> str:
    """Return the element type in which a layer stores one of its arrays, where NumPy's may be a widened one."""
    if layer.dtype == "bfloat16" and values.dtype == np.float32 and not (values.view(np.uint32) & _LOW_HALF).any():
        return "bfloat16"
    return str(values.dtype)

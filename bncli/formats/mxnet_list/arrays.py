"""One array in MXNet's list, in each of the layouts that its versions wrote."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bncli.formats.element_types import ELEMENT_TYPES
from bncli.formats.stored_array import MAX_AXES, StoredArray, c_strides

if TYPE_CHECKING:
    from bncli.formats.element_types import ElementType
    from bncli.formats.mxnet_list.cursor import Cursor

_SHAPE_IN_64_BITS = 0xF993FAC8
"""From 0.12 on; before, the number of axes stands in its place, and lengths have 32 bits."""
_WITH_STORAGE_TYPE = 0xF993FAC9
"""From 1.0 on."""
_WITH_SCALARS = 0xF993FACA
"""From 1.6 on, where arrays behave like NumPy's: only here an array without axes has a value."""

_NUM_AUXILIARY = {0: 0, 1: 1, 2: 2}
"""Storage type (dense, sparse rows, compressed sparse rows) to the number of index arrays."""

_TYPES = (
    *("float32", "float64", "float16", "uint8", "int32", "int8", "int64", "bool"),
    *("int16", "uint16", "uint32", "uint64", "bfloat16"),
)
"""Element types by their number."""


def read_array(cursor: Cursor) -> StoredArray | str:
    """Return the array at the cursor, which moves behind it; its values stay unread.

    Returns:
        The array; or, for one that holds no values of its own, what it is instead.

    Raises:
        ValueError: it is broken.
        EOFError: the file ends before it does.
    """
    magic = cursor.number("I")
    storage_type = cursor.number("i") if magic in (_WITH_STORAGE_TYPE, _WITH_SCALARS) else 0
    if storage_type not in _NUM_AUXILIARY:
        raise ValueError(f"an array of storage type {storage_type}")
    num_auxiliary = _NUM_AUXILIARY[storage_type]
    stored_shape = _shape(cursor) if num_auxiliary else None
    if magic in (_SHAPE_IN_64_BITS, _WITH_STORAGE_TYPE, _WITH_SCALARS):
        shape = _shape(cursor)
    else:
        shape = cursor.numbers(f"{_checked_num_axes(magic)}I")
    if shape is None or (not shape and magic != _WITH_SCALARS):
        return "has no values"
    cursor.numbers("ii")  # The kind and number of the device on which it was.
    element = _element(cursor)
    auxiliary = [(_element(cursor), _shape(cursor) or ()) for _ in range(num_auxiliary)]
    if stored_shape is None:
        return StoredArray(cursor.run(_num_bytes(element, shape)), element, "<", shape, c_strides(shape))
    cursor.run(_num_bytes(element, stored_shape))
    for index_element, index_shape in auxiliary:
        cursor.run(_num_bytes(index_element, index_shape))
    return "is stored sparsely"


def _shape(cursor: Cursor) -> tuple[int, ...] | None:
    """Return a shape; `None` where it is not known."""
    num_axes = cursor.number("i")
    if num_axes == -1:
        return None
    shape = cursor.numbers(f"{_checked_num_axes(num_axes)}q")
    if -1 in shape:
        return None
    if min(shape, default=0) < 0:
        raise ValueError(f"an array of shape {list(shape)}")
    return shape


def _checked_num_axes(num_axes: int) -> int:
    if not 0 <= num_axes <= MAX_AXES:
        raise ValueError(f"an array of {num_axes} axes")
    return num_axes


def _element(cursor: Cursor) -> ElementType:
    number = cursor.number("i")
    if not 0 <= number < len(_TYPES):
        raise ValueError(f"an array of element type {number}")
    return ELEMENT_TYPES[_TYPES[number]]


def _num_bytes(element: ElementType, shape: tuple[int, ...]) -> int:
    return math.prod(shape) * element.itemsize

"""NumPy's arrays and scalars as a pickle describes them: shape, dtype, order and the bytes themselves."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bncli.formats.element_types import ELEMENT_TYPES
from bncli.formats.pickled_objects.leaves import Unreadable
from bncli.formats.pickled_objects.written_bytes import bytes_region, written_bytes
from bncli.formats.pickles.inert import GlobalName, Record
from bncli.formats.stored_array import MAX_AXES, StoredArray, c_strides, fortran_strides

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bncli.formats.element_types import ByteOrder

_CODE = re.compile(r"[|<>=]?(?P<kind>[biufc])(?P<size>[0-9]{1,2})")
_KINDS = {"i": "int", "u": "uint", "f": "float", "c": "complex"}
_TUPLES = ("builtins.tuple", "__builtin__.tuple")
_STATE_PARTS = (4, 5)
"""Without a version, and with it."""
_NUMPY = "numpy."
_MAX_INTEGER = 2**62


def numpy_array(record: Record) -> StoredArray | Unreadable | None:
    """Return the array or scalar that a record describes, or `None` if it describes none.

    Raises:
        ValueError: the record claims to be an array, and its parts do not fit together.
    """
    parse = _PARSERS.get(record.class_name)
    return None if parse is None else parse(record)


def _from_state(record: Record) -> StoredArray | Unreadable | None:
    """Serve `_reconstruct(class, ...)`, whose array is in the state: ([version,] shape, dtype, is_fortran, bytes)."""
    subclass = record.args[0] if record.args else None
    if type(subclass) is GlobalName and not subclass.name.startswith(_NUMPY):
        # What such a class keeps in its state, and what its numbers mean, only its own code knows.
        return Unreadable(f"an array of class {subclass.name}")
    if type(record.state) is not tuple or len(record.state) not in _STATE_PARTS:
        raise ValueError("an array without a state")
    shape, dtype, is_fortran, content = record.state[-_STATE_PARTS[0] :]
    return _array(shape, dtype, content, fortran_strides if is_fortran else c_strides)


def _from_buffer(record: Record) -> StoredArray | Unreadable | None:
    """Serve `_frombuffer(buffer, dtype, shape, order, [axis_order])`, which protocol 5 uses.

    An order of `K` is one of neither C nor Fortran: the shape is that of the buffer, whose axes are then permuted.

    References:
        `numpy/_core/numeric.py`.
    """
    match record.args:
        case (content, dtype, shape, order, *more):
            pass
        case _:
            raise ValueError("an array without a buffer, a dtype, a shape and an order")
    array = _array(shape, dtype, content, fortran_strides if order == "F" else c_strides)
    if order != "K" or not more or more[0] is None or isinstance(array, Unreadable):
        return array
    (axes,) = more
    if type(axes) is not tuple or sorted(_lengths(axes)) != list(range(len(array.shape))):
        raise ValueError("an array whose order of axes is none")
    permuted = tuple(array.shape[axis] for axis in axes), tuple(array.strides[axis] for axis in axes)
    return replace(array, shape=permuted[0], strides=permuted[1])


def _scalar(record: Record) -> StoredArray | Unreadable | None:
    """Serve `scalar(dtype, bytes)`."""
    match record.args:
        case (dtype, content):
            return _array((), dtype, content, c_strides)
        case _:
            raise ValueError("a scalar that is not a dtype and its bytes")


def _jax_array(record: Record) -> StoredArray | Unreadable | None:
    """Serve JAX's arrays, which carry NumPy's call and state: `_reconstruct_array(function, arguments, state, ...)`."""
    match record.args:
        case (GlobalName(name=function), tuple(arguments), state, *_) if function in _RECONSTRUCTIONS:
            inner = Record(function, arguments)
            inner.state = state
            return _from_state(inner)
        case _:
            raise ValueError("an array of JAX that is none of NumPy's")


def _paddle_tensor(record: Record) -> StoredArray | Unreadable | None:
    """Serve the tensors that Paddle saves outside of state dicts: `tuple((name, array))`."""
    match record.args:
        case ((str(), Record(class_name=inner) as array),) if inner not in _TUPLES:
            return numpy_array(array)
        case _:
            return None


def _array(
    shape: Any, dtype: Any, content: Any, strides_of: Callable[[tuple[int, ...]], tuple[int, ...]]
) -> StoredArray | Unreadable:
    if type(dtype) is not Record:
        raise ValueError("an array without a dtype")
    if dtype.class_name != "numpy.dtype":
        return Unreadable(f"its element type {dtype.class_name} is none of NumPy's")
    if not dtype.args:
        raise ValueError("an array whose dtype has no name")
    name = _type_name(dtype.args[0])
    if name is None:
        return Unreadable("an array whose elements are not numbers")
    element = ELEMENT_TYPES.get(name)
    if element is None:
        return Unreadable(f"its element type {name} is not one that bncli reads")
    shape = _lengths(shape)
    size = math.prod(shape) * element.itemsize
    raw = bytes_region(written_bytes(content), size)
    if size != raw.size:
        raise ValueError(f"an array of {size} bytes, of which {raw.size} are there")
    return StoredArray(raw, element, _byte_order(dtype.state), shape, strides_of(shape))


def _type_name(code: Any) -> str | None:
    """Return the name of an element type; `None` if it is none of a number."""
    if type(code) is GlobalName:
        return code.name.rpartition(".")[2]
    match = _CODE.fullmatch(code) if type(code) is str else None
    if match is None:
        return None
    return "bool" if match["kind"] == "b" else f"{_KINDS[match['kind']]}{8 * int(match['size'])}"


def _byte_order(state: Any) -> ByteOrder:
    """Return the byte order in the state of a dtype: (version, order, ...)."""
    return ">" if type(state) is tuple and len(state) > 1 and state[1] == ">" else "<"


def _lengths(shape: Any) -> tuple[int, ...]:
    if type(shape) is not tuple or len(shape) > MAX_AXES:
        raise ValueError("an array whose shape is not a short tuple")
    if any(type(n) is not int or not 0 <= n < _MAX_INTEGER for n in shape):
        raise ValueError("an array whose shape is not natural numbers")
    return shape


_RECONSTRUCTIONS = ("numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct")
_PARSERS: Mapping[str, Callable[[Record], StoredArray | Unreadable | None]] = {
    **dict.fromkeys(_RECONSTRUCTIONS, _from_state),
    "jax._src.array._reconstruct_array": _jax_array,
    "jax._src.device_array.reconstruct_device_array": _jax_array,
    "numpy.core.numeric._frombuffer": _from_buffer,
    "numpy._core.numeric._frombuffer": _from_buffer,
    "numpy.core.multiarray.scalar": _scalar,
    "numpy._core.multiarray.scalar": _scalar,
    **dict.fromkeys(_TUPLES, _paddle_tensor),
}

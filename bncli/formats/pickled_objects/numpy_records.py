"""NumPy's arrays and scalars as a pickle describes them: shape, dtype, order and the bytes themselves."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from bncli.formats.element_types import ELEMENT_TYPES, ByteOrder, ElementType
from bncli.formats.encoded_latin1_region import EncodedLatin1Region
from bncli.formats.pickled_objects.leaves import Unreadable
from bncli.formats.pickles.inert import GlobalName, LongString, Record
from bncli.formats.regions import Latin1Region, MemoryRegion, Region
from bncli.formats.stored_array import MAX_AXES, StoredArray, c_strides, fortran_strides

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_CODE = re.compile(r"[|<>=]?(?P<kind>[biufc])(?P<size>[0-9]{1,2})")
_KINDS = {"i": "int", "u": "uint", "f": "float", "c": "complex"}
_BYTES = frozenset({"builtins.bytes", "__builtin__.bytes"})
_TUPLES = ("builtins.tuple", "__builtin__.tuple")
_STATE_PARTS = 4
_MAX_INTEGER = 2**62


def numpy_array(record: Record) -> StoredArray | Unreadable | None:
    """Return the array or scalar that a record describes, or `None` if it describes none.

    Raises:
        ValueError: the record claims to be an array, and its parts do not fit together.
    """
    parse = _PARSERS.get(record.class_name)
    return None if parse is None else parse(record)


def _from_state(record: Record) -> StoredArray | Unreadable | None:
    """Serve `_reconstruct`, whose array is in the state: ([version,] shape, dtype, is_fortran, bytes)."""
    if type(record.state) is not tuple or len(record.state) < _STATE_PARTS:
        raise ValueError("an array without a state")
    shape, dtype, is_fortran, content = record.state[-_STATE_PARTS:]
    return _array(shape, dtype, content, is_fortran=bool(is_fortran))


def _from_buffer(record: Record) -> StoredArray | Unreadable | None:
    """Serve `_frombuffer(buffer, dtype, shape, order)`, which protocol 5 uses."""
    content, dtype, shape, order = record.args
    return _array(shape, dtype, content, is_fortran=order == "F")


def _scalar(record: Record) -> StoredArray | Unreadable | None:
    """Serve `scalar(dtype, bytes)`."""
    dtype, content = record.args
    return _array((), dtype, content, is_fortran=False)


def _jax_array(record: Record) -> StoredArray | Unreadable | None:
    """Serve JAX's arrays, which carry NumPy's call and state: `_reconstruct_array(function, arguments, state, ...)`."""
    function, arguments, state, *_ = record.args
    if type(function) is not GlobalName or function.name not in _RECONSTRUCTIONS:
        raise ValueError("an array of JAX that is none of NumPy's")
    inner = Record(function.name, arguments)
    inner.state = state
    return _from_state(inner)


def _paddle_tensor(record: Record) -> StoredArray | Unreadable | None:
    """Serve the tensors that Paddle saves outside of state dicts: `tuple((name, array))`."""
    match record.args:
        case ((str(), Record(class_name=inner) as array),) if inner not in _TUPLES:
            return numpy_array(array)
        case _:
            return None


def _array(shape: Any, dtype: Any, content: Any, *, is_fortran: bool) -> StoredArray | Unreadable:
    if type(dtype) is not Record or dtype.class_name != "numpy.dtype" or not dtype.args:
        raise ValueError("an array whose dtype is none of NumPy's")
    element = _element_type(dtype.args[0])
    if element is None:
        return Unreadable("an array whose elements are not numbers")
    shape = _lengths(shape)
    size = math.prod(shape) * element.itemsize
    raw = _region(content, size)
    if size != raw.size:
        raise ValueError(f"an array of {size} bytes, of which {raw.size} are there")
    strides = fortran_strides(shape) if is_fortran else c_strides(shape)
    return StoredArray(raw, element, _byte_order(dtype.state), shape, strides)


def _element_type(code: Any) -> ElementType | None:
    if type(code) is GlobalName:
        return ELEMENT_TYPES.get(code.name.rpartition(".")[2])
    match = _CODE.fullmatch(code) if type(code) is str else None
    if match is None:
        return None
    name = "bool" if match["kind"] == "b" else f"{_KINDS[match['kind']]}{8 * int(match['size'])}"
    return ELEMENT_TYPES.get(name)


def _byte_order(state: Any) -> ByteOrder:
    """Return the byte order in the state of a dtype: (version, order, ...)."""
    return ">" if type(state) is tuple and len(state) > 1 and state[1] == ">" else "<"


def _lengths(shape: Any) -> tuple[int, ...]:
    if type(shape) is not tuple or len(shape) > MAX_AXES:
        raise ValueError("an array whose shape is not a short tuple")
    if any(type(n) is not int or not 0 <= n < _MAX_INTEGER for n in shape):
        raise ValueError("an array whose shape is not natural numbers")
    return shape


def _region(content: Any, size: int) -> Region:
    """Return the bytes of an array. Protocols before 3 have no bytes, and write them as Latin-1 text to be encoded.

    Args:
        content: what the pickle holds in their place.
        size: how many they should be.
    """
    if type(content) is Record and content.class_name == "_codecs.encode" and content.args:
        content = content.args[0]
    elif type(content) is Record and content.class_name in _BYTES and not content.args:
        content = b""
    if type(content) is LongString:
        return EncodedLatin1Region(content.content, size) if content.is_text else content.content
    if type(content) is str:
        return Latin1Region(content)
    if type(content) is not bytes:
        raise ValueError("an array without bytes")
    return MemoryRegion(content)


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

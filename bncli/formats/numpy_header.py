"""The header of NumPy's `.npy` format: what array follows it, checked before any of it is read."""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from bncli.formats.element_types import ElementType
from bncli.formats.regions import SubRegion
from bncli.formats.stored_array import StoredArray, c_strides, fortran_strides
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from bncli.formats.element_types import ByteOrder
    from bncli.formats.regions import Region

SIGNATURE = b"\x93NUMPY"
_USUAL_HEADER_BYTES = 128
_MAX_HEADER_BYTES = 16 * 1024
_LENGTH_BYTES = {1: 2, 2: 4, 3: 4}
"""Width of the length of the header, by version."""
_NUM_FIELDS = 3

# The header is a dictionary as Python writes it. Expressions read it, so that nothing has to be compiled; they never
# take a space back, so that many spaces cost no time. Themselves they are compiled on first use.
_FIELD = r"'(descr|fortran_order|shape)'\s*+:\s*+('[^']*'|True|False|\([0-9L,\s]*\))"
_HEADER = rf"\{{(?:\s*+{_FIELD}\s*+,?)*+\s*+\}}\s*+"
_STRUCTURE = r"'descr'\s*+:\s*+[\[(]"
_OBJECTS = r"(?:'descr'\s*+:|,)\s*+\(?'[|<>=]?O[0-9]*'"
_NUMERIC_CODE = r"[|<>=]?([biufc][0-9]{1,2}|\?)"


class NotNumericError(Exception):
    """The array is whole, and its elements are no numbers."""


class ObjectsError(NotNumericError):
    """The elements are Python objects, which only a pickle can bring back."""


@dataclass(frozen=True, slots=True)
class _Described:
    """What a header says."""

    element: ElementType
    byte_order: ByteOrder
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def read_npy(region: Region) -> StoredArray:
    """Return the array that a run of bytes in the `.npy` format describes.

    Args:
        region: the bytes, from the signature to the last element.

    Raises:
        ObjectsError: the elements are Python objects.
        NotNumericError: the elements are text, dates, raw bytes or structures.
        ValueError: the header is broken, or speaks of fewer bytes than there are.
        EOFError: the file ends within its header, or has fewer bytes than that speaks of.
    """
    header = _header_bytes(region)
    # Latin-1 will do for version 3.0 too: UTF-8 is for names of fields, which are of no use here.
    described = _parse_header(header[_start(header[6]) :].decode("latin-1"))
    elements = SubRegion(region, len(header), region.size - len(header))
    expected = math.prod(described.shape) * described.element.itemsize
    if expected > elements.size:
        raise EOFError(f"the header speaks of {expected} bytes, and {elements.size} follow it")
    if expected < elements.size:
        raise ValueError(f"the header speaks of {expected} bytes, and {elements.size} follow it")
    return StoredArray(elements, described.element, described.byte_order, described.shape, described.strides)


def _header_bytes(region: Region) -> bytes:
    """Return everything before the elements."""
    first = bytes(region.read(0, min(_USUAL_HEADER_BYTES, region.size)))
    if len(first) < _start(1):
        raise EOFError(f"the file ends within its header, at byte {region.size}")
    if first[:6] != SIGNATURE or first[6] not in _LENGTH_BYTES:
        raise ValueError("neither the signature nor a version of the .npy format")
    length = _start(first[6]) + int.from_bytes(first[8 : _start(first[6])], "little")
    if length > _MAX_HEADER_BYTES:
        raise ValueError(f"a header of {length} bytes, where at most {_MAX_HEADER_BYTES} are read")
    if length > region.size:
        raise EOFError(f"the file ends within its header, at byte {region.size} of {length}")
    return first[:length] if length <= len(first) else bytes(region.read(0, length))


def _start(version: int) -> int:
    """Return where the text of a header begins."""
    return 8 + _LENGTH_BYTES[version]


# An archive of many arrays holds few different headers.
@lru_cache(maxsize=256)
def _parse_header(text: str) -> _Described:
    if re.search(_OBJECTS, text):
        raise ObjectsError("holds Python objects, and reading those can run any program")
    if re.search(_STRUCTURE, text):
        raise NotNumericError("its elements are structures, not numbers")
    pairs = re.findall(_FIELD, text)
    fields = dict(pairs)
    if not re.fullmatch(_HEADER, text) or not len(pairs) == len(fields) == _NUM_FIELDS:
        raise ValueError("the header is not that of an array")
    lengths = fields["shape"]
    if lengths[:1] != "(" or ("," not in lengths and lengths.strip("( )")):
        raise ValueError("the shape is not a tuple")
    if fields["fortran_order"] not in ("True", "False"):
        raise ValueError("the order is neither true nor false")
    shape = tuple(int(length) for length in re.findall(r"\d+", lengths))
    code = fields["descr"].strip("'")
    if not re.fullmatch(_NUMERIC_CODE, code):
        raise NotNumericError(f"its elements are {code!r:.40}, not numbers")
    dtype = np.dtype(code)
    return _Described(
        element=ElementType(dtype.name, dtype.newbyteorder("=")),
        byte_order=">" if dtype.str.startswith(">") else "<",
        shape=shape,
        strides=fortran_strides(shape) if fields["fortran_order"] == "True" else c_strides(shape),
    )

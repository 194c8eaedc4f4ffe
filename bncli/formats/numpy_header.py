"""The header of NumPy's `.npy` format: what array follows it, checked before any of it is read."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from bncli.errors import UnsafeFile
from bncli.formats.element_types import ElementType
from bncli.formats.regions import SubRegion
from bncli.formats.stored_array import StoredArray, c_strides, fortran_strides

if TYPE_CHECKING:
    from bncli.formats.regions import Region

SIGNATURE = b"\x93NUMPY"
_USUAL_HEADER_BYTES = 128
_MAX_HEADER_BYTES = 16 * 1024
_NUMERIC_KINDS = "biufc"


class NotNumericError(Exception):
    """The array is whole, and its elements are no numbers."""


def read_npy(region: Region, owner: str) -> StoredArray:
    """Return the array that a run of bytes in the `.npy` format describes.

    Args:
        region: the bytes, from the signature to the last element.
        owner: file and array, for messages.

    Raises:
        UnsafeFile: the elements are Python objects, which only a pickle can bring back.
        NotNumericError: the elements are text, dates, raw bytes or structures.
        ValueError: the header is broken, or speaks of more or fewer bytes than there are.
        EOFError: the file ends within its header.
    """
    header = _header_bytes(region)
    shape, is_fortran, dtype = _parse_header(header)
    if dtype.hasobject:
        raise UnsafeFile(
            f"{owner}: holds Python objects, and reading those can run any program",
            hint="save it as an array of numbers",
        )
    if dtype.kind not in _NUMERIC_KINDS:
        raise NotNumericError(f"its elements are {dtype.name}, not numbers")
    array = StoredArray(
        SubRegion(region, len(header), region.size - len(header)),
        ElementType(dtype.name, dtype.newbyteorder("=")),
        ">" if dtype.str.startswith(">") else "<",
        shape,
        fortran_strides(shape) if is_fortran else c_strides(shape),
    )
    expected = array.size * dtype.itemsize
    if expected != array.region.size:
        raise ValueError(f"the header speaks of {expected} bytes, and {array.region.size} follow it")
    return array


def _header_bytes(region: Region) -> bytes:
    """Return everything before the elements."""
    first = bytes(region.read(0, min(_USUAL_HEADER_BYTES, region.size)))
    if first[:6] != SIGNATURE:
        raise ValueError("the signature of the .npy format is missing")
    width = 2 if first[6] == 1 else 4
    length = 8 + width + int.from_bytes(first[8 : 8 + width], "little")
    if length > min(_MAX_HEADER_BYTES, region.size):
        raise ValueError(f"a header of {length} bytes")
    return first[:length] if length <= len(first) else bytes(region.read(0, length))


def _parse_header(header: bytes) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Return shape, whether the order is Fortran's, and dtype."""
    stream = io.BytesIO(header)
    version = np.lib.format.read_magic(stream)
    # Version 3.0 exists for structures whose field names are beyond Latin-1.
    parse = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}.get(version)
    if parse is None:
        raise ValueError(f"version {version[0]}.{version[1]} of the .npy format")
    with warnings.catch_warnings():
        # Headers by Python 2 write 3L for 3, which NumPy reads and warns of.
        warnings.simplefilter("ignore", UserWarning)
        return parse(stream, max_header_size=_MAX_HEADER_BYTES)

"""One dataset of an HDF5 file as a stored array: where its bytes are, without the library's reading them."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from bncli.formats.element_types import ELEMENT_TYPES
from bncli.formats.hdf5.chunks import DEFLATE, FLETCHER32, MAX_SPARSE_BYTES, SHUFFLE, Chunk, Chunking, assemble
from bncli.formats.loaded_region import LoadedRegion
from bncli.formats.regions import MemoryRegion, SubRegion
from bncli.formats.stored_array import StoredArray, c_strides
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from bncli.formats.element_types import ByteOrder, ElementType
    from bncli.formats.regions import Region

_KINDS_OF_NUMBERS = "fiub"
_BFLOAT16_BYTES = 2
_READ_FILTERS = frozenset({DEFLATE, SHUFFLE, FLETCHER32})
_MAX_COMPACT_BYTES = 65_536
"""The format's own limit for values that stand in the description of their dataset."""


class UnreadDatasetError(Exception):
    """A dataset is of a kind that bncli does not read; the text says of which."""


def stored_array(dataset: Any, root: Any, content: Region) -> StoredArray:
    """Return a dataset over the bytes of its file; no value is read, and the dataset is not kept open.

    Args:
        dataset: h5py's dataset.
        root: h5py's file, in which the dataset is found again when its values are asked for.
        content: the whole HDF5 file.

    Raises:
        UnreadDatasetError: its values lie in other files, or are no numbers, or were never written, but for a few.
        ValueError: it is broken.
    """
    import h5py  # noqa: PLC0415 - an extra, which the caller has imported

    lengths = dataset.shape
    if lengths is None:
        raise UnreadDatasetError("holds nothing")
    # The library makes the list anew each time, which takes as long as to open the dataset.
    properties = dataset.id.get_create_plist()
    if properties.get_layout() == h5py.h5d.VIRTUAL or properties.get_external_count():
        raise UnreadDatasetError("keeps its values in other files, which are not opened")
    element, byte_order = _element_type(dataset.id.get_type())
    shape = tuple(map(int, lengths))
    region = _region(_Described(dataset, properties, shape, element), root, content)
    return StoredArray(region, element, byte_order, shape, c_strides(shape))


@dataclass(frozen=True, slots=True)
class _Described:
    """A dataset with what its description says. Not to be kept: an open dataset takes the library ten kilobytes."""

    dataset: Any
    properties: Any
    """h5py's list of the properties that it was made with."""
    shape: tuple[int, ...]
    element: ElementType

    @property
    def size(self) -> int:
        return math.prod(self.shape) * self.element.itemsize

    def path(self) -> bytes:
        """Return the path under which the library opens it again."""
        import h5py  # noqa: PLC0415 - an extra, which the caller has imported

        return cast("bytes", h5py.h5i.get_name(self.dataset.id))


def _element_type(stored: Any) -> tuple[ElementType, ByteOrder]:
    import h5py  # noqa: PLC0415 - an extra, which the caller has imported

    try:
        dtype: np.dtype[Any] = stored.dtype
    except (TypeError, ValueError) as error:  # NumPy has no such kind, or no number of such bits
        raise UnreadDatasetError("its element type is not one that bncli reads") from error
    if isinstance(stored, h5py.h5t.TypeOpaqueID) and dtype.itemsize == _BFLOAT16_BYTES:
        # So Keras writes bfloat16, for which HDF5 has no type.
        return ELEMENT_TYPES["bfloat16"], "<"
    # A type can have NumPy's size, and its bits in other places: only what NumPy itself would write is read.
    is_number = dtype.kind in _KINDS_OF_NUMBERS and dtype.name in ELEMENT_TYPES
    if not is_number or h5py.h5t.py_create(dtype) != stored:
        # NumPy writes out every field of a record, and all of theirs.
        name = dtype if dtype.base.fields is None else "record"
        raise UnreadDatasetError(f"its element type {name} is not one that bncli reads")
    is_big = dtype.byteorder == ">" or (dtype.byteorder == "=" and sys.byteorder == "big")
    return ELEMENT_TYPES[dtype.name], ">" if is_big else "<"


def _region(described: _Described, root: Any, content: Region) -> Region:
    import h5py  # noqa: PLC0415 - an extra, which the caller has imported

    size = described.size
    if not size:
        return MemoryRegion(b"")
    layout = described.properties.get_layout()
    if layout == h5py.h5d.CHUNKED:
        return _chunked(described, root, content)
    if layout == h5py.h5d.COMPACT:
        if size > _MAX_COMPACT_BYTES:
            raise ValueError(f"{size} bytes are claimed to stand in the description of a dataset")
        path = described.path()
        return LoadedRegion(0, size, lambda: bytes(root[path][()].tobytes()))
    offset = described.dataset.id.get_offset()
    if offset is None:
        raise UnreadDatasetError("was never written")
    return SubRegion(content, int(offset), size)


def _chunked(described: _Described, root: Any, content: Region) -> Region:
    dataset, properties, size = described.dataset, described.properties, described.size
    filters = tuple(int(properties.get_filter(number)[0]) for number in range(properties.get_nfilters()))
    unread = set(filters) - _READ_FILTERS
    if unread:
        raise UnreadDatasetError(f"is packed with the filter {min(unread)}, which bncli does not read")
    chunk_shape = tuple(map(int, properties.get_chunk()))
    chunking = Chunking(
        described.shape, chunk_shape, described.element.itemsize, filters, _fill_element(dataset, properties)
    )
    path = described.path()

    def load() -> bytes:
        found: list[Chunk] = []
        # h5py stops when the function returns anything else than None.
        root[path].id.chunk_iter(
            lambda chunk: found.append(
                Chunk(
                    tuple(map(int, chunk.chunk_offset)), int(chunk.byte_offset), int(chunk.size), int(chunk.filter_mask)
                )
            )
        )
        return assemble(chunking, found, content)

    num_stored = int(dataset.id.get_num_chunks())
    if not num_stored:
        raise UnreadDatasetError("was never written")
    if num_stored < chunking.num_chunks and size > MAX_SPARSE_BYTES:
        raise UnreadDatasetError(f"was never written, but for {num_stored} of its {chunking.num_chunks} chunks")
    return LoadedRegion(int(dataset.id.get_chunk_info(0).byte_offset), size, load)


def _fill_element(dataset: Any, properties: Any) -> bytes:
    """Return the element that counts as written where none was: zero, unless the file says another."""
    import h5py  # noqa: PLC0415 - an extra, which the caller has imported

    element = np.zeros((), dataset.dtype)
    if properties.fill_value_defined() != h5py.h5d.FILL_VALUE_UNDEFINED:
        properties.get_fill_value(element)
    return element.tobytes()

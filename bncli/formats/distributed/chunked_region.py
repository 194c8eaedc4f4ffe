"""The bytes of a tensor that was saved in chunks, put together when they are asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from bncli.formats.byte_range import require_within
from bncli.formats.element_types import ELEMENT_TYPES
from bncli.formats.pickled_objects.located_leaves import stored_array
from bncli.formats.pickled_objects.tree import ROOT_ARRAY_NAME, walk_objects
from bncli.formats.regions import FileRegion
from bncli.formats.torch_archive import read_torch_archive
from bncli.formats.zip_archive import ZipArchive

if TYPE_CHECKING:
    from bncli.core.named_arrays import Array
    from bncli.formats.distributed.metadata import Chunk, ChunkedTensor
    from bncli.formats.distributed.shard_files import ShardFiles
    from bncli.formats.element_types import ElementType
    from bncli.formats.stored_array import StoredArray


class ChunkedRegion:
    """The elements of a tensor in C order, little-endian, as they were stored.

    Args:
        files: the files in which the chunks lie.
        tensor: the tensor, whose chunks are all there.
        element: how its elements are stored.
    """

    def __init__(self, files: ShardFiles, tensor: ChunkedTensor, element: ElementType) -> None:
        self.size = int(np.prod(tensor.shape, dtype=object)) * element.itemsize
        self._files = files
        self._tensor = tensor
        self._element = element
        self._joined: bytes | None = None
        if self.size > files.size:
            raise ValueError(f"array {tensor.name!r}: {self.size} bytes in files of {files.size}")

    @property
    def position(self) -> int:
        """Where the first chunk starts, if all files stood one after the other."""
        first = self._tensor.chunks[0]
        return self._files.start_of(first.location) + first.start

    def read(self, start: int, count: int) -> bytearray:
        """Return exactly `count` bytes from `start` on.

        Raises:
            ValueError: the chunks overlap, or one is not what the metadata say.
            EOFError: the bytes are not there.
        """
        require_within(self.size, start, count)
        if self._joined is None:
            self._joined = self._join()
        return bytearray(self._joined[start : start + count])

    def _join(self) -> bytes:
        # Bytes move as they are stored: bfloat16 stays the integers that NumPy takes it for.
        stored = self._element.stored
        joined = np.zeros(self._tensor.shape, stored.newbyteorder("<"))
        is_filled = np.zeros(self._tensor.shape, np.bool_)
        for chunk in self._tensor.chunks:
            box = tuple(slice(at, at + length) for at, length in zip(chunk.offsets, chunk.shape, strict=True))
            if is_filled[box].any():
                raise ValueError(f"its chunk at {list(chunk.offsets)} overlaps another one")
            is_filled[box] = True
            joined[box] = self._values(chunk)
        return joined.tobytes()

    def _values(self, chunk: Chunk) -> Array:
        saved = self._saved(chunk)
        if saved.shape != chunk.shape or saved.element != self._element:
            raise ValueError(
                f"its chunk at {list(chunk.offsets)} was saved as {saved.element.name} of shape {list(saved.shape)}, "
                f"and the metadata say {self._element.name} of shape {list(chunk.shape)}"
            )
        return replace(saved, element=ELEMENT_TYPES[self._element.stored.name]).whole()

    def _saved(self, chunk: Chunk) -> StoredArray:
        """Return the tensor in a slice of a file, which is a whole torch zip of its own."""
        source = self._files.opened(chunk.location)
        archive = read_torch_archive(ZipArchive(FileRegion(source, chunk.start, chunk.length)), str(source.path))
        leaf = walk_objects(archive.objects).leaves.get(ROOT_ARRAY_NAME)
        if leaf is None:
            raise ValueError(f"its chunk at {list(chunk.offsets)} holds no tensor")
        return stored_array(self._tensor.name, leaf, archive.storage_region, archive.byte_order)

"""torch.distributed.checkpoint: a folder with a pickle of metadata, and files of slices that are torch zips."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from bncli.core.named_arrays import Skipped
from bncli.formats.base import Format
from bncli.formats.byte_source import opening
from bncli.formats.distributed.chunked_region import ChunkedRegion
from bncli.formats.distributed.metadata import METADATA_CLASS, chunked_tensors
from bncli.formats.distributed.shard_files import ShardFiles
from bncli.formats.located_shards import locate_shards
from bncli.formats.opened_file import OpenedFile
from bncli.formats.pickles.machine import Machine
from bncli.formats.stored_array import StoredArray, c_strides

if TYPE_CHECKING:
    from pathlib import Path

    from bncli.core.named_arrays import NamedArrays
    from bncli.formats.distributed.metadata import ChunkedTensor
    from bncli.formats.probe import FileProbe

_METADATA_NAME = ".metadata"
_MAX_METADATA_BYTES = 256 * 1024**2
_MODULE = METADATA_CLASS.rpartition(".")[0].encode("ascii")
_BEGINNING_BYTES = 64
"""Within these a pickle of metadata names the module of its class, whatever the protocol."""


def recognizes(probe: FileProbe) -> bool:
    """Whether this is a folder that holds metadata, or the metadata themselves."""
    return _METADATA_NAME in probe.entry_names or _MODULE in probe.head[:_BEGINNING_BYTES]


def open_distributed_checkpoint(path: Path) -> NamedArrays:
    """Open a distributed checkpoint, by its folder or by the metadata in it.

    Tensors that were saved in several chunks are put together. Those of which a file is missing are not listed, and
    the file is listed as skipped.

    Raises:
        MalformedFile: the metadata are broken, or the chunks do not make up the tensors.
        UnsafeFile: the metadata name a file outside of the folder, or something whose only use is to run a program.
    """
    metadata_path = path / _METADATA_NAME if path.is_dir() else path
    with opening(metadata_path, "the metadata of a distributed checkpoint") as source:
        if source.size > _MAX_METADATA_BYTES:
            raise ValueError(f"{source.size} bytes, and at most {_MAX_METADATA_BYTES} are read")
        machine = Machine(bytes(source.read(0, source.size)), str(metadata_path))
        root, _ = machine.run()
        tensors = list(chunked_tensors(root))
        shards = locate_shards(metadata_path, (chunk.location for tensor in tensors for chunk in tensor.chunks))
        files = ShardFiles(path, source.size, shards)
        arrays = {}
        skipped = shards.skipped(_num_tensors(tensors))
        for tensor in tensors:
            if any(chunk.location in shards.missing for chunk in tensor.chunks):
                continue
            stored = _stored(files, tensor)
            if isinstance(stored, StoredArray):
                arrays[tensor.name] = stored
            else:
                skipped.append(stored)
    source.close()
    return OpenedFile(files, FORMAT.name, arrays, skipped=skipped, named_globals=machine.globals)


def _stored(files: ShardFiles, tensor: ChunkedTensor) -> StoredArray | Skipped:
    element = tensor.element
    if element is None:
        return Skipped(tensor.name, f"its element type {tensor.dtype} is not one that bncli reads")
    transforms = sorted({name for chunk in tensor.chunks for name in chunk.transforms})
    if transforms:
        return Skipped(tensor.name, f"was saved through {', '.join(transforms)}, which bncli does not undo")
    if not tensor.chunks:
        return Skipped(tensor.name, "has no elements")
    return StoredArray(ChunkedRegion(files, tensor, element), element, "<", tensor.shape, c_strides(tensor.shape))


def _num_tensors(tensors: list[ChunkedTensor]) -> Counter[str]:
    """Return how many tensors have chunks in each file."""
    return Counter(location for tensor in tensors for location in {chunk.location for chunk in tensor.chunks})


FORMAT = Format("dcp", (_METADATA_NAME,), recognizes, open_distributed_checkpoint)

"""Distributed checkpoints of several ranks, written without any: torch's own metadata, and slices saved by torch."""

from __future__ import annotations

import io
import pickle
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch.distributed.checkpoint.filesystem import _StorageInfo
from torch.distributed.checkpoint.metadata import (
    BytesStorageMetadata,
    ChunkStorageMetadata,
    Metadata,
    MetadataIndex,
    TensorProperties,
    TensorStorageMetadata,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

Box = tuple[tuple[int, ...], tuple[int, ...]]
"""Offsets and lengths of a chunk along the axes."""


@dataclass
class DistributedCheckpoint:
    """A checkpoint under construction; `metadata` may be spoilt before `write`."""

    folder: Path
    metadata: Metadata = field(default_factory=lambda: Metadata({}, {}, {}))
    files: dict[str, bytes] = field(default_factory=dict)

    def add(self, name: str, tensor: torch.Tensor, *boxes: Box, files: tuple[str, ...] = ("__0_0.distcp",)) -> None:
        """Save a tensor in chunks, which go to the files in turn; by default one chunk with all of it."""
        whole: Box = ((0,) * tensor.dim(), tuple(tensor.shape))
        chunks = []
        for number, (offsets, sizes) in enumerate(boxes or (whole,)):
            box = tuple(slice(at, at + length) for at, length in zip(offsets, sizes, strict=True))
            self._store(name, offsets, tensor[box].clone(), files[number % len(files)])
            chunks.append(ChunkStorageMetadata(torch.Size(offsets), torch.Size(sizes)))
        self.metadata.state_dict_metadata[name] = TensorStorageMetadata(
            TensorProperties(tensor.dtype), tensor.size(), chunks
        )

    def add_object(self, name: str) -> None:
        """Save something that is no tensor."""
        self.metadata.state_dict_metadata[name] = BytesStorageMetadata()
        self.metadata.storage_data[MetadataIndex(name)] = self._append("__0_0.distcp", pickle.dumps([1, 2]))

    def write(self) -> Path:
        """Write the folder and return its path."""
        self.folder.mkdir(exist_ok=True)
        for name, content in self.files.items():
            (self.folder / name).write_bytes(content)
        (self.folder / ".metadata").write_bytes(pickle.dumps(self.metadata))
        return self.folder

    def places(self, name: str) -> Iterator[Any]:
        """Return where the chunks of a tensor were stored, to be spoilt."""
        return (place for index, place in self.metadata.storage_data.items() if index.fqn == name)

    def _store(self, name: str, offsets: tuple[int, ...], tensor: torch.Tensor, file: str) -> None:
        buffer = io.BytesIO()
        torch.save(tensor, buffer)
        self.metadata.storage_data[MetadataIndex(name, offsets)] = self._append(file, buffer.getvalue())

    def _append(self, file: str, content: bytes) -> _StorageInfo:
        start = len(self.files.setdefault(file, b""))
        self.files[file] += content
        return _StorageInfo(file, start, len(content))


def spoil(**changed: Any) -> Callable[[DistributedCheckpoint], None]:
    """Return a change of where the first chunk was stored."""

    def change(checkpoint: DistributedCheckpoint) -> None:
        vars(next(iter(checkpoint.places("a")))).update(changed)

    return change


def with_chunks(*boxes: tuple[int, int]) -> Callable[[DistributedCheckpoint], None]:
    """Return a change of the chunks of a tensor of four elements, all of them stored where the first one is."""

    def change(checkpoint: DistributedCheckpoint) -> None:
        (place,) = checkpoint.places("a")
        entry = checkpoint.metadata.state_dict_metadata["a"]
        entry.chunks = [ChunkStorageMetadata(torch.Size([at]), torch.Size([count])) for at, count in boxes]
        for at, _ in boxes:
            checkpoint.metadata.storage_data[MetadataIndex("a", (at,))] = place

    return change

"""The metadata of a distributed checkpoint: which tensors there are, in which chunks, and where each chunk lies."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from bncli.formats.element_types import ELEMENT_TYPES
from bncli.formats.pickled_objects.torch_tensors import natural_numbers
from bncli.formats.pickles.inert import GlobalName, Record
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bncli.formats.element_types import ElementType

METADATA_CLASS = "torch.distributed.checkpoint.metadata.Metadata"
_TENSOR_CLASS = "TensorStorageMetadata"
_MAX_INTEGER = 2**62
_MAX_CHUNKS = 2_000_000
"""Of all tensors together: a pickle can name one long list of chunks for any number of tensors."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A box of a tensor's elements, and the slice of a file in which it was saved."""

    offsets: tuple[int, ...]
    """Index of the first element along each axis of the tensor."""
    shape: tuple[int, ...]
    location: str
    """The file, relative to the folder, as the metadata names it."""
    start: int
    """Where the slice starts in the file."""
    length: int
    """Bytes of the slice."""
    transforms: tuple[str, ...] = ()
    """How the slice was changed after saving, such as by compression; empty for none."""


@dataclass(frozen=True, slots=True)
class ChunkedTensor:
    """A tensor that was saved in chunks.

    Raises:
        ValueError: the chunks reach outside of the tensor, or do not have as many elements as it has.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    """torch's name of it."""
    chunks: tuple[Chunk, ...]

    def __post_init__(self) -> None:
        for chunk in self.chunks:
            if not len(chunk.offsets) == len(chunk.shape) == len(self.shape):
                raise ValueError(f"array {self.name!r}: a chunk of another number of axes")
            ends = (offset + length for offset, length in zip(chunk.offsets, chunk.shape, strict=True))
            if any(end > length for end, length in zip(ends, self.shape, strict=True)):
                raise ValueError(f"array {self.name!r}: a chunk that reaches outside of it")
        covered = sum(math.prod(chunk.shape) for chunk in self.chunks)
        if covered != math.prod(self.shape):
            raise ValueError(f"array {self.name!r}: chunks of {covered} elements for {math.prod(self.shape)}")

    @property
    def element(self) -> ElementType | None:
        """How an element lies in the file; `None` for a type that bncli does not read."""
        return ELEMENT_TYPES.get(self.dtype)


def chunked_tensors(root: Any) -> Iterator[ChunkedTensor]:
    """Return every tensor that the metadata speak of, in their order.

    Args:
        root: what the pickle of the metadata holds.

    Raises:
        ValueError: it is not the metadata of a distributed checkpoint, or contradicts itself.
    """
    if type(root) is not Record or root.class_name != METADATA_CLASS:
        raise ValueError("the pickle holds no metadata of a distributed checkpoint")
    slices = _slices(_dictionary(root, "storage_data"))
    num_chunks = 0
    for name, entry in _dictionary(root, "state_dict_metadata").items():
        if type(entry) is Record and entry.class_name.rpartition(".")[2] == _TENSOR_CLASS:
            if type(name) is not str:
                raise ValueError("a tensor whose name is not text")
            num_chunks += len(_attribute(entry, "chunks"))
            if num_chunks > _MAX_CHUNKS:
                raise ValueError(f"more than {_MAX_CHUNKS} chunks")
            yield _tensor(name, entry, slices)


def _tensor(name: str, entry: Record, slices: Mapping[tuple[str, str], Record]) -> ChunkedTensor:
    shape = natural_numbers(_attribute(entry, "size"))
    chunks: dict[str, Chunk] = {}
    for chunk in _attribute(entry, "chunks"):
        offsets = natural_numbers(_attribute(chunk, "offsets"))
        stored = slices.get((name, str(offsets)))
        if stored is None or str(offsets) in chunks:
            times = "nowhere" if stored is None else "once, and is listed twice"
            raise ValueError(f"array {name!r}: its chunk at {list(offsets)} was stored {times}")
        chunks[str(offsets)] = _chunk(offsets, natural_numbers(_attribute(chunk, "sizes")), stored)
    return ChunkedTensor(name, shape, _dtype(_attribute(entry, "properties")), tuple(chunks.values()))


def _chunk(offsets: tuple[int, ...], shape: tuple[int, ...], stored: Record) -> Chunk:
    location, start, length = (_attribute(stored, name) for name in ("relative_path", "offset", "length"))
    if type(location) is not str or any(type(n) is not int or not 0 <= n < _MAX_INTEGER for n in (start, length)):
        raise ValueError("a chunk whose place in a file is not a name and two natural numbers")
    transforms = stored.state.get("transform_descriptors") or ()
    # Only text is shown: to turn a container into text can take for ever.
    names = (name if type(name) is str else "a change of another kind" for name in transforms)
    return Chunk(offsets, shape, location, start, length, tuple(names))


def _slices(storage_data: Mapping[Any, Any]) -> dict[tuple[str, str], Record]:
    """Return where chunks lie, by the name of the tensor and the offsets of the chunk.

    Offsets are keys as text: tuples of numbers can be chosen so that their hashes collide.
    """
    slices: dict[tuple[str, str], Record] = {}
    for index, stored in storage_data.items():
        offset = index.state.get("offset") if _has_state(index) else None
        if offset is None:
            # Objects other than tensors have no offset.
            continue
        name, offsets = _attribute(index, "fqn"), natural_numbers(offset)
        if type(name) is not str:
            raise ValueError("a chunk of a tensor whose name is not text")
        if (name, str(offsets)) in slices:
            raise ValueError(f"array {name!r}: its chunk at {list(offsets)} was stored twice")
        if not _has_state(stored):
            raise ValueError(f"array {name!r}: its chunk at {list(offsets)} has no place")
        slices[name, str(offsets)] = stored
    return slices


def _dtype(properties: Any) -> str:
    """Return the dtype of tensor properties, whose state is (dtype, layout, requires_grad, memory format, pinned)."""
    if type(properties) is Record and type(properties.state) is tuple and properties.state:
        dtype = properties.state[0]
        if type(dtype) is GlobalName:
            return dtype.name.rpartition(".")[2]
    raise ValueError("a tensor without a dtype")


def _dictionary(record: Record, name: str) -> Mapping[Any, Any]:
    value = _attribute(record, name)
    if isinstance(value, dict):
        return value
    raise ValueError(f"{name} is not a dictionary")


def _attribute(record: Any, name: str) -> Any:
    if not _has_state(record) or name not in record.state:
        raise ValueError(f"the metadata lack {name!r} where it belongs")
    return record.state[name]


def _has_state(record: Any) -> bool:
    return type(record) is Record and isinstance(record.state, dict)

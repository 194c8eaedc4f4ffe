"""The arrays of an open file, whatever its format: what each parser hands out."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeVar

from bncli.core.name_length import require_short
from bncli.core.named_arrays import ArraySpec, NamedArrays
from bncli.errors import InputNotFound, MalformedFile, near_miss
from bncli.formats.byte_source import FAULTS, ByteSource, describe_fault, hint_about
from bncli.formats.mapping_on_demand import MappingOnDemand

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping
    from pathlib import Path

    from bncli.core.named_arrays import Array, LayerHint, Skipped
    from bncli.formats.stored_array import StoredArray

T = TypeVar("T")
_ALWAYS_GIVEN_BYTES = 64 * 1024**2
_MOST_GIVEN_PER_STORED_BYTE = 16
"""A layer's arrays are small, and few files hold them compressed. Without a limit a file of a megabyte could ask for
gigabytes: deflated zeros, one element repeated, or one storage under thousands of names."""


class OpenSource(Protocol):
    """What bytes come from, as far as the arrays of a file need to know: a file, or one together with companions."""

    @property
    def path(self) -> Path:
        """The file, as the user named it."""

    @property
    def size(self) -> int:
        """Size of that file in bytes."""

    @property
    def bytes_read(self) -> int:
        """Bytes that were read up to now."""

    def close(self) -> None:
        """Close everything."""


class OpenedFile(NamedArrays):
    """Named arrays over one byte source.

    Args:
        source: the open file, or the open files where arrays lie in several; closed together with this.
        format_name: name of the format.
        arrays: where each array lies, by name, in the file's order.
        identities: memory that may be shared, by array name; see `ArraySpec.identity`.
        hints: what the file says about its layers.
        aliases: paths that are other paths again.
        skipped: what the file holds and cannot be used.
        named_globals: classes and functions that the file names, if it is a pickle. None of them was looked up.

    Raises:
        ValueError: an array has a name that is too long.
    """

    def __init__(
        self,
        source: OpenSource,
        format_name: str,
        arrays: Mapping[str, StoredArray],
        *,
        identities: Mapping[str, Hashable] | None = None,
        hints: Iterable[LayerHint] = (),
        aliases: Mapping[str, str] | None = None,
        skipped: Iterable[Skipped] = (),
        named_globals: Iterable[str] = (),
    ) -> None:
        require_short(arrays)
        self._source = source
        self._arrays = arrays
        self._flattened: tuple[str, Array] | None = None
        self._given: set[str] = set()
        self._given_bytes = 0
        self.path = source.path
        self.format = format_name
        self.size_bytes = source.size
        # Of a method the mapping would refer back to this file, which then stayed until garbage is looked for.
        self.specs = MappingOnDemand(arrays, partial(_spec, arrays, identities or {}))
        self.hints = {hint.layer: hint for hint in hints}
        self.aliases = dict(aliases or {})
        self.skipped = tuple(skipped)
        self.named_globals = frozenset(named_globals)

    @property
    def bytes_read(self) -> int:
        """Bytes that were read from the file up to now."""
        return self._source.bytes_read

    def read(self, name: str) -> Array:
        """Return one whole array; see `NamedArrays.read`."""
        array = self._find(name)
        self._count_as_given(name, array)
        return self._guarded(name, array.whole)

    def _count_as_given(self, name: str, array: StoredArray) -> None:
        if name not in self._given:
            self._given.add(name)
            # Of a view with gaps everything between its first element and its last is read.
            self._given_bytes += max(array.size, array.span) * array.element.itemsize
        limit = _ALWAYS_GIVEN_BYTES + _MOST_GIVEN_PER_STORED_BYTE * self.size_bytes
        if self._given_bytes > limit:
            raise MalformedFile(
                f"{self.path}: array {name!r} cannot be read: with it, the arrays asked for take over {limit} bytes, "
                f"of a file of {self.size_bytes}",
                hint="arrays of layers are far smaller; save the file anew without compression",
            )

    def read_many(self, names: Iterable[str]) -> dict[str, Array]:
        """Return several whole arrays by name; see `NamedArrays.read_many`."""
        chosen = list(names)
        if isinstance(self._source, ByteSource) and self._source.is_remote:
            arrays = [self._find(name) for name in chosen]
            starts = [self.position(name) for name in chosen]
            lengths = [array.span * array.element.itemsize for array in arrays]
            self._source.announce((start, start + length) for start, length in zip(starts, lengths, strict=True))
        return {name: self.read(name) for name in sorted(chosen, key=self._place)}

    def read_flat(self, name: str, start: int, stop: int) -> Array:
        """Return elements `start` to `stop` of one array in C order; see `NamedArrays.read_flat`."""
        array = self._find(name)
        if not 0 <= start <= stop <= array.size:
            raise IndexError(f"elements {start} to {stop} of {name!r}, which has {array.size}")
        if array.is_contiguous:
            return self._guarded(name, lambda: array.run(start, stop))
        # Elements that are scattered over the file are read once and kept while this array is being walked through.
        if self._flattened is None or self._flattened[0] != name:
            self._count_as_given(name, array)
            self._flattened = (name, self._guarded(name, array.whole).reshape(-1))
        return self._flattened[1][start:stop].copy()

    def take_back(self, values: Array) -> None:
        """Take an array that no one needs any longer; see `NamedArrays.take_back`."""
        memory: object = values.base
        if (
            isinstance(memory, memoryview)
            and isinstance(memory.obj, bytearray)
            and isinstance(self._source, ByteSource)
        ):
            self._source.take_back(memory.obj)

    def is_shareable(self, name: str) -> bool:
        """Whether copies of this process may read one array at the same time; see `NamedArrays.is_shareable`."""
        # Here, for it knows of zips, and most files are none.
        from bncli.formats.plain_arrays import is_plain  # noqa: PLC0415

        source = self._source
        return isinstance(source, ByteSource) and source.is_shareable and is_plain(self._find(name))

    def position(self, name: str) -> int:
        """Return where the array starts in the file."""
        array = self._find(name)
        return self._guarded(name, lambda: array.position)

    def _place(self, name: str) -> tuple[int, int]:
        """Return what arrays are read in the order of: run by run, for a deflated one is inflated from its start."""
        array = self._find(name)
        return self._guarded(name, lambda: array.region.position), array.offset

    def stored(self, name: str) -> StoredArray:
        """Return where an array lies in the file, and how."""
        return self._find(name)

    def close(self) -> None:
        """Close the file."""
        self._flattened = None
        self._source.close()

    def _find(self, name: str) -> StoredArray:
        try:
            return self._arrays[name]
        except KeyError:
            raise InputNotFound(f"{self.path}: no array {name!r}", hint=near_miss(name, self._arrays)) from None

    def _guarded(self, name: str, read: Callable[[], T]) -> T:
        try:
            return read()
        except FAULTS as fault:
            raise MalformedFile(
                f"{self.path}: array {name!r} cannot be read: {describe_fault(fault)}", hint_about(fault)
            ) from fault


def _spec(arrays: Mapping[str, StoredArray], identities: Mapping[str, Hashable], name: str) -> ArraySpec:
    array = arrays[name]
    return ArraySpec(name, array.shape, array.element.name, identities.get(name))

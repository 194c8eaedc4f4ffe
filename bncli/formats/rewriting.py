"""Writes a copy of a checkpoint in which some arrays have other values, and every other byte is as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.errors import UnsupportedFormat
from bncli.formats import safetensors, torch_zip
from bncli.formats.byte_source import opening
from bncli.formats.plain_arrays import is_plain
from bncli.formats.regions import FileRegion
from bncli.formats.zip_archive import ZipArchive
from bncli.formats.zip_checksums import checksum_patches
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from bncli.formats.byte_source import ByteSource
    from bncli.formats.opened_file import OpenedFile
    from bncli.formats.stored_array import StoredArray

REWRITABLE_FORMATS = (safetensors.FORMAT, torch_zip.FORMAT)

_COPIED_AT_ONCE = 4 * 1024**2


@dataclass(frozen=True, slots=True)
class Patch:
    """Bytes that take the place of as many others."""

    offset: int
    content: bytes

    @property
    def stop(self) -> int:
        """One past the last byte."""
        return self.offset + len(self.content)


def is_rewritable(format_name: str) -> bool:
    """Return whether files of a format can be rewritten."""
    return any(each.name == format_name for each in REWRITABLE_FORMATS)


def patches_of(arrays: OpenedFile, values: Mapping[str, NDArray[np.float64]]) -> list[Patch]:
    """Return what has to change in a file so that the named arrays have these values, each rounded once.

    Raises:
        UnsupportedFormat: the file is of a format that cannot be rewritten, or an array does not lie in it in one run
            of plain floating-point numbers.
    """
    if not is_rewritable(arrays.format):
        names = [each.name for each in REWRITABLE_FORMATS]
        raise UnsupportedFormat(
            f"{arrays.path}: a {arrays.format} file cannot be rewritten",
            hint=f"load it and save it as {' or '.join(names)}",
        )
    return [_patch(arrays, name, arrays.stored(name), new) for name, new in values.items()]


def rewritten(path: Path, format_name: str, patches: Iterable[Patch]) -> Iterator[bytes | bytearray]:
    """Yield the bytes of a file, patched, and with the checksums of its members put right if it is a zip.

    Yielded and not written here: what a full disk says to the writer is no fault of this file.

    Args:
        path: the file to copy; it is only read.
        format_name: the name of its format, one of `REWRITABLE_FORMATS`.
        patches: bytes to replace; they do not overlap.

    Yields:
        Pieces of a few MiB at most, from start to end.

    Raises:
        MalformedFile: the file cannot be read, or is broken.
    """
    with opening(path, f"a {format_name} file") as source:
        ordered = sorted(patches, key=lambda patch: patch.offset)
        if format_name == torch_zip.FORMAT.name:
            ordered = _with_checksums(source, ordered)
        yield from _patched(source, ordered)
        source.close()


def _with_checksums(source: ByteSource, patches: list[Patch]) -> list[Patch]:
    archive = ZipArchive(FileRegion(source, 0, source.size))
    checksums = checksum_patches(archive, [(patch.offset, patch.content) for patch in patches])
    return sorted([*patches, *(Patch(*each) for each in checksums)], key=lambda patch: patch.offset)


def _patch(arrays: OpenedFile, name: str, array: StoredArray, values: NDArray[np.float64]) -> Patch:
    if not is_plain(array):
        raise UnsupportedFormat(
            f"{arrays.path}: array {name!r} cannot be rewritten: its bytes are compressed or scattered",
            hint="load the checkpoint and save it again with contiguous tensors",
        )
    try:
        return Patch(array.position, array.element.encode(values, array.byte_order))
    except ValueError as fault:
        raise UnsupportedFormat(f"{arrays.path}: array {name!r} cannot be rewritten: {fault}") from fault


def _patched(source: ByteSource, patches: list[Patch]) -> Iterator[bytes | bytearray]:
    done = 0
    for patch in patches:
        yield from _range(source, done, patch.offset)
        yield patch.content
        done = patch.stop
    yield from _range(source, done, source.size)


def _range(source: ByteSource, start: int, stop: int) -> Iterator[bytearray]:
    while start < stop:
        count = min(_COPIED_AT_ONCE, stop - start)
        yield source.read(start, count)
        start += count

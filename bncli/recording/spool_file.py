"""The file of a running recording: opened beside its target, and turned into the target at the end."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, Any

from bncli.atomic_file import atomic_file, check_writable
from bncli.errors import OutputExists, OutputFailed
from bncli.recording.opening import spool_path
from bncli.recording.sealing import write_sealed
from bncli.recording.spool import SpoolWriter
from bncli.recording.spool_reader import SpoolReader
from bncli.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


@contextmanager
def open_spool(target: Path, provenance: Mapping[str, Any], *, force: bool) -> Iterator[SpoolWriter]:
    """Open the spool of a recording for writing; it stays when the block ends.

    Raises:
        OutputExists: a file is there, or what a run left that ended early, and `force` is not given.
        OutputFailed: the file cannot be written.
    """
    check_writable(target, force=force)
    if target.exists() and not target.is_file():
        raise OutputFailed(
            f"{target}: is no regular file", hint="a recording is written beside its place and moved there"
        )
    part = spool_path(target)
    with told_as_output(part):
        file = _new_part(part, force=force)
    try:
        with told_as_output(part):
            spool = SpoolWriter(file, {**provenance, **_versions()})
            spool.flush()
        yield spool
    finally:
        with suppress(OSError):  # everything that matters was flushed: what a full disk refused is refused again here
            file.close()


def seal_spool(target: Path, *, force: bool) -> None:
    """Turn the finished spool of a recording into the recording, and remove it.

    Raises:
        OutputExists: a file came there while the recording ran, and `force` is not given; the spool stays then.
        OutputFailed: the disk is full, or the system refuses for another reason; likewise.
    """
    part = spool_path(target)
    with told_as_output(part):
        with SpoolReader(part) as spool, atomic_file(target, force=force) as file:
            write_sealed(spool, file)
        part.unlink()


@contextmanager
def told_as_output(path: Path) -> Iterator[None]:
    """Turn an error of the file system into one line that names the file."""
    try:
        yield
    except OSError as error:
        raise OutputFailed(f"{path}: {error.strerror or error}") from error


def _new_part(part: Path, *, force: bool) -> IO[bytes]:
    try:
        return part.open("wb" if force else "xb")
    except FileExistsError as error:
        raise OutputExists(
            f"{part}: holds what an earlier run recorded before it ended early",
            hint="it can be read as it is; move or remove it, or overwrite it with --force",
        ) from error


def _versions() -> dict[str, str]:
    import torch  # noqa: PLC0415

    return {"bncli_version": __version__, "torch_version": str(torch.__version__)}

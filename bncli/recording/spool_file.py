"""The file of a running recording: opened beside its target, and turned into the target at the end."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from bncli.errors import OutputExists, OutputFailed
from bncli.recording.opening import spool_path
from bncli.recording.sealing import seal
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
    if target.is_dir():
        raise OutputFailed(f"{target}: is a folder", hint="name a file in it")
    if target.exists() and not target.is_file():
        raise OutputFailed(
            f"{target}: is no regular file", hint="a recording is written beside its place and moved there"
        )
    if not target.parent.is_dir():
        raise OutputFailed(f"{target}: there is no folder {target.parent}")
    if not force:
        _check_free(target)
    part = spool_path(target)
    with told_as_output(part):
        file = part.open("wb")
    try:
        with told_as_output(part):
            spool = SpoolWriter(file, {**provenance, **_versions()})
            spool.flush()
        yield spool
    finally:
        with suppress(OSError):  # everything that matters was flushed: what a full disk refused is refused again here
            file.close()


def seal_spool(target: Path) -> None:
    """Turn the finished spool of a recording into the recording, and remove it.

    Raises:
        OutputFailed: the disk is full, or the system refuses for another reason; the spool stays then.
    """
    part = spool_path(target)
    with told_as_output(target):
        with SpoolReader(part) as reader:
            seal(reader, target)
        part.unlink()


@contextmanager
def told_as_output(path: Path) -> Iterator[None]:
    """Turn an error of the file system into one line that names the file."""
    try:
        yield
    except OSError as error:
        raise OutputFailed(f"{path}: {error.strerror or error}") from error


def _check_free(target: Path) -> None:
    if target.exists():
        raise OutputExists(f"{target}: exists already", hint="choose another name, or overwrite it with force")
    part = spool_path(target)
    if part.exists():
        raise OutputExists(
            f"{part}: holds what an earlier run recorded before it ended early",
            hint="it can be read as it is; move or remove it, or overwrite it with force",
        )


def _versions() -> dict[str, str]:
    import torch  # noqa: PLC0415

    return {"bncli_version": __version__, "torch_version": str(torch.__version__)}

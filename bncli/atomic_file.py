"""Writes a file as a whole or not at all: under its name stands the old content or the new, never a part."""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

from bncli.errors import BncliError, OutputExists, OutputFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

_OWN_DESCRIPTORS = "/proc/self/fd"
_OPEN_ELSEWHERE = ("/dev/fd", "/dev/stdout", "/dev/stderr")
"""May lead to files that others write to as well."""


def check_writable(path: Path, *, force: bool) -> None:
    """Raise what `atomic_file` would, as far as that can be known before anything is computed.

    Raises:
        OutputExists: a file is there already and `force` is not given.
        OutputFailed: the path is a folder, or its folder does not exist or takes no files.
    """
    with _told_in_one_line(path):
        if path.is_dir():
            raise OutputFailed(f"{path}: is a folder", hint="name a file in it")
        if _is_stream(path):
            return
        if path.exists() and not force:
            raise _already_there(path)
        folder = _target(path).parent
        if not folder.is_dir():
            raise OutputFailed(f"{path}: there is no folder {folder}")
        if not os.access(folder, os.W_OK | os.X_OK):
            raise OutputFailed(f"{path}: no permission to write in {folder}")


@contextmanager
def atomic_file(path: Path, *, force: bool) -> Iterator[IO[bytes]]:
    """Open a binary file that takes the place of `path` when the block ends, and leaves nothing if it raises.

    The bytes go to a file without a name and are synced to disk before it gets one; where the system has no such files,
    to a neighbour of a unique name. To replace a file always takes a neighbour, which is renamed. A symbolic link is
    written through; a replaced file passes its mode on. A device or a pipe is written directly. An `OSError` that the
    block raises is told as one of this file.

    Raises:
        OutputExists, OutputFailed: as `check_writable`.
        OutputExists: a file came there while the block ran, and `force` is not given.
        OutputFailed: the disk is full, or the system refuses for another reason.
        BrokenPipeError: the path is a pipe, and its reader left.
    """
    check_writable(path, force=force)
    with (
        _told_in_one_line(path),
        _appended(path) if _is_stream(path) else _replaced(_target(path), force=force) as file,
    ):
        yield file


@contextmanager
def _appended(path: Path) -> Iterator[IO[bytes]]:
    # Not "wb": /dev/stdout may be a file to which a shell is adding.
    with path.open("ab") as file:
        yield file


@contextmanager
def _replaced(target: Path, *, force: bool) -> Iterator[IO[bytes]]:
    neighbour = target.with_name(f".bncli-{os.urandom(8).hex()}.tmp")
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        with _new_file(neighbour, folder) as file:
            if target.exists():
                os.fchmod(file.fileno(), stat.S_IMODE(target.stat().st_mode))
            yield file
            file.flush()
            os.fsync(file.fileno())
            _put_in_place(file, neighbour, target, folder, force=force)
        with suppress(OSError):
            os.fsync(folder)  # makes the rename survive a power cut, where a folder can be synced
    except BaseException:
        neighbour.unlink(missing_ok=True)
        raise
    finally:
        os.close(folder)


def _new_file(neighbour: Path, folder: int) -> IO[bytes]:
    """Open a file that has no name yet, of which nothing is left if the process is killed; else one with a name."""
    if hasattr(os, "O_TMPFILE") and Path(_OWN_DESCRIPTORS).is_dir():
        with suppress(OSError):
            return open(os.open(".", os.O_TMPFILE | os.O_WRONLY, 0o666, dir_fd=folder), "wb")  # noqa: PTH123
    return neighbour.open("xb")


def _put_in_place(file: IO[bytes], neighbour: Path, target: Path, folder: int, *, force: bool) -> None:
    """Give the file its name; where one stands already, by way of the neighbour's, since only a rename replaces."""
    is_unnamed = os.fstat(file.fileno()).st_nlink == 0
    source = f"{_OWN_DESCRIPTORS}/{file.fileno()}" if is_unnamed else neighbour.name
    try:
        _link(source, target.name, folder)
    except OSError:  # the name is taken, or this is a file system without links, as of a memory card
        if target.exists() and not force:
            raise _already_there(target) from None
        if is_unnamed:
            _link(source, neighbour.name, folder)
        neighbour.replace(target)
    else:
        neighbour.unlink(missing_ok=True)


def _link(source: str, name: str, folder: int) -> None:
    os.link(source, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=True)


def _target(path: Path) -> Path:
    """Return the file behind symbolic links, whether it exists or not."""
    try:
        return path.resolve()
    except RuntimeError as error:
        raise OutputFailed(f"{path}: symbolic links lead round in a circle") from error


def _is_stream(path: Path) -> bool:
    """Return whether a device, a pipe or a socket stands there: to rename a file over it would destroy it."""
    return any(map(path.is_relative_to, _OPEN_ELSEWHERE)) or (path.exists() and not path.is_file())


def _already_there(path: Path) -> OutputExists:
    return OutputExists(f"{path}: exists already", hint="--force overwrites it")


@contextmanager
def _told_in_one_line(path: Path) -> Iterator[None]:
    try:
        yield
    except (BncliError, BrokenPipeError):
        raise
    except OSError as error:
        raise OutputFailed(f"{path}: {error.strerror or error}") from error

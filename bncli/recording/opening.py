"""Opens a recording by its first bytes: finished, or cut off."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from bncli.core.recording_key import RECORDING_KEY
from bncli.errors import BncliError, InputNotFound, UnsupportedFormat
from bncli.recording.sealed_reader import SealedReader
from bncli.recording.spool_reader import SpoolReader

if TYPE_CHECKING:
    from pathlib import Path

    from bncli.recording.opened_recording import OpenedRecording

_FIRST_BYTES_OF_A_SPOOL = b"H\0\0\0"
_FIRST_BYTES = 9
"""Of a safetensors file: the length of its header and the brace that opens it."""
_MAX_HEADER_BYTES = 100_000_000
"""The limit of safetensors."""
_SPOOL_SUFFIX = ".part"


def spool_path(path: Path) -> Path:
    """Return where the spool of a recording lies while it runs."""
    return path.with_name(path.name + _SPOOL_SUFFIX)


def is_recording(path: Path) -> bool:
    """Return whether a file is a recording, of any version, finished or cut off; reads its header at most.

    Files of any kind and size are asked about, so that none is mapped into memory, as the library of safetensors would.
    """
    if not _is_file(path):
        return False
    try:
        header = _beginning(path)
    except OSError:
        return False
    if header.startswith(_FIRST_BYTES_OF_A_SPOOL):
        return True
    # Searched before it is parsed: the header of a large checkpoint takes seconds.
    return RECORDING_KEY.encode() in header and _has_key(header)


def _is_file(path: Path) -> bool:
    """Return whether a regular file stands there; a name that the system takes for none names no file."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _beginning(path: Path) -> bytes:
    """Return the header of a safetensors file, the first bytes of a spool, and nothing of other files."""
    with path.open("rb") as file:
        first = file.read(_FIRST_BYTES)
        if first.startswith(_FIRST_BYTES_OF_A_SPOOL):
            return first
        length = int.from_bytes(first[:8], "little")
        if first[8:] != b"{" or not 0 < length <= min(path.stat().st_size, _MAX_HEADER_BYTES):
            return b""
        return first[8:] + file.read(length - 1)


def _has_key(header: bytes) -> bool:
    """Return whether the metadata in a safetensors header are those of a recording."""
    try:
        metadata = json.loads(header.decode())["__metadata__"]
    except (ValueError, RecursionError, LookupError, TypeError):
        return False
    return isinstance(metadata, dict) and RECORDING_KEY in metadata


def open_recording(path: Path) -> OpenedRecording:
    """Open a recording for reading. The caller closes it, best with `with`.

    Raises:
        InputNotFound: there is no such file.
        UnsupportedFormat: the file is no recording, or one of another version, or no file at all.
        MalformedFile: the file is broken.
    """
    if not _is_file(path):
        raise _no_file(path)
    try:
        with path.open("rb") as file:
            first = file.read(_FIRST_BYTES)
    except OSError as error:
        raise BncliError(f"{path}: cannot be read: {error.strerror or error}") from error
    if first.startswith(_FIRST_BYTES_OF_A_SPOOL):
        return SpoolReader(path)
    if len(first) == _FIRST_BYTES and not first.endswith(b"{"):
        raise UnsupportedFormat(f"{path}: is no recording", hint="name the file that bncli record wrote")
    return SealedReader(path)


def _no_file(path: Path) -> BncliError:
    """Return what is told of a path at which no regular file stands."""
    try:
        is_there = path.exists()
    except (OSError, ValueError):
        is_there = False
    if is_there:
        kind = "a folder" if path.is_dir() else "a pipe, a device or a socket"
        return UnsupportedFormat(f"{path}: is {kind}, and no recording", hint="name the file that bncli record wrote")
    part = spool_path(path) if path.name else path
    hint = f"{part} is there: it holds what was recorded before the run ended early" if _is_file(part) else None
    return InputNotFound(f"{path}: no such file", hint=hint)

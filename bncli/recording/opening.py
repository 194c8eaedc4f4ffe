"""Opens a recording by its first bytes: finished, or cut off."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from bncli.errors import InputNotFound
from bncli.recording.opened_recording import told_as_malformed
from bncli.recording.sealed_reader import SealedReader
from bncli.recording.spool_reader import SpoolReader

if TYPE_CHECKING:
    from pathlib import Path

    from bncli.recording.opened_recording import OpenedRecording

_KEY = "bncli_recording"
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
    if not path.is_file():
        return False
    with path.open("rb") as file:
        first = file.read(_FIRST_BYTES)
        if first.startswith(_FIRST_BYTES_OF_A_SPOOL):
            return True
        length = int.from_bytes(first[:8], "little")
        if first[8:] != b"{" or not 0 < length <= min(path.stat().st_size, _MAX_HEADER_BYTES):
            return False
        header = first[8:] + file.read(length - 1)
    # Searched before it is parsed: the header of a large checkpoint takes seconds.
    return _KEY.encode() in header and _has_key(header)


def _has_key(header: bytes) -> bool:
    """Return whether the metadata in a safetensors header are those of a recording."""
    try:
        metadata = json.loads(header)["__metadata__"]
    except (ValueError, RecursionError, LookupError, TypeError):
        return False
    return isinstance(metadata, dict) and _KEY in metadata


def open_recording(path: Path) -> OpenedRecording:
    """Open a recording for reading. The caller closes it, best with `with`.

    Raises:
        InputNotFound: there is no such file.
        UnsupportedFormat: the file is no recording, or one of another version.
        MalformedFile: the file is broken.
    """
    if not path.is_file():
        part = spool_path(path)
        hint = f"{part} is there: it holds what was recorded before the run ended early" if part.is_file() else None
        raise InputNotFound(f"{path}: no such file", hint=hint)
    with told_as_malformed(path), path.open("rb") as file:
        is_spool = file.read(len(_FIRST_BYTES_OF_A_SPOOL)) == _FIRST_BYTES_OF_A_SPOOL
    return SpoolReader(path) if is_spool else SealedReader(path)

"""Opens a recording by its first bytes: finished, or cut off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bncli.errors import InputNotFound
from bncli.recording.opened_recording import told_as_malformed
from bncli.recording.sealed_reader import SealedReader
from bncli.recording.spool_reader import SpoolReader

if TYPE_CHECKING:
    from pathlib import Path

    from bncli.recording.opened_recording import OpenedRecording

_FIRST_BYTES_OF_A_SPOOL = b"H\0\0\0"
_SPOOL_SUFFIX = ".part"


def spool_path(path: Path) -> Path:
    """Return where the spool of a recording lies while it runs."""
    return path.with_name(path.name + _SPOOL_SUFFIX)


def is_recording(path: Path) -> bool:
    """Return whether a file is a recording, of any version, finished or cut off; reads its header at most."""
    from safetensors import SafetensorError, safe_open  # noqa: PLC0415

    if not path.is_file():
        return False
    with path.open("rb") as file:
        if file.read(len(_FIRST_BYTES_OF_A_SPOOL)) == _FIRST_BYTES_OF_A_SPOOL:
            return True
    try:
        opened: Any = safe_open(path, framework="np")
        return "bncli_recording" in (opened.metadata() or {})
    except SafetensorError:
        return False


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

"""Reads the small text files that say how a run goes: whatever stands at their place, quickly and up to a size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.errors import BncliError, InvalidUsage
from bncli.formats.regular_file import open_regular_file

if TYPE_CHECKING:
    from pathlib import Path


def settings_text(path: Path, most_bytes: int) -> str:
    """Return the text of a file in UTF-8.

    Raises:
        InvalidUsage: there is no such file, or it is no text, or longer than `most_bytes`.
    """
    try:
        with open(open_regular_file(path), "rb") as file:  # noqa: PTH123 - a descriptor has no path
            content = file.read(most_bytes + 1)
    except BncliError as error:
        raise InvalidUsage(error.message, error.hint) from error
    except OSError as error:
        raise InvalidUsage(f"{path}: cannot be read: {error.strerror or error}") from error
    if len(content) > most_bytes:
        raise InvalidUsage(f"{path}: has over {most_bytes:,} bytes, and so many are not read")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise InvalidUsage(f"{path}: is no text in UTF-8: {error}") from error

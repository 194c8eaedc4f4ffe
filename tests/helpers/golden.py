"""Exact comparison of a whole text with a file, which `pytest --update-golden` writes anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Golden:
    """The expected texts in a folder `golden` beside a test file."""

    folder: Path
    is_updating: bool

    def check(self, name: str, text: str) -> None:
        """Compare a text with the file of a name, byte for byte."""
        path = self.folder / name
        if self.is_updating:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(text.encode())
        assert text == path.read_bytes().decode()

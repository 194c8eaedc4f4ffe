"""A command to go on with, in the form in which a shell takes it."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from bncli.reports.document import Note

if TYPE_CHECKING:
    from collections.abc import Iterator


def next_command(*words: str, purpose: str = "") -> Iterator[Note]:
    """Yield a command to copy; none where names in it would be shown with escapes, which no shell takes back.

    Args:
        words: the command's, which are quoted here where they have to be.
        purpose: what it does, in words that go on after it; empty where it speaks for itself.
    """
    command = shlex.join(words)
    if command.isprintable() and "\\" not in command:
        yield Note(f"next: {command} {purpose}".rstrip(), "muted")

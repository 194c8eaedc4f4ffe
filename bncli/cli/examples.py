"""The examples at the end of a command's help."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_KEEP_LINES = "\b"
"""Alone on a line it tells typer to leave the lines of the paragraph as they are."""


def examples_epilog(examples: Iterable[str]) -> str:
    """Return command lines as the epilog of a command's help, one a line."""
    return "\n".join([_KEEP_LINES, "Examples:", *(f"  {example}" for example in examples)])

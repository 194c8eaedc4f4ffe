"""What a command is to the program: the function that runs it, and the examples at the end of its help."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

_KEEP_LINES = "\b"
"""Alone on a line it tells typer to leave the lines of the paragraph as they are."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command, declared in the file of its name as `COMMAND`."""

    run: Callable[..., None]
    """Its parameters are the options, and its docstring is the help."""
    examples: tuple[str, ...]
    """Command lines."""

    @property
    def epilog(self) -> str:
        """The examples as the end of the help, one a line."""
        return "\n".join([_KEEP_LINES, "Examples:", *(f"  {example}" for example in self.examples)])

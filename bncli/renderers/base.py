"""The contract of an output format, and the surface that it draws on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

    from bncli.reports.document import Document


@dataclass(frozen=True, slots=True)
class Surface:
    """What the place where the text goes can show: decided by the command line, for renderers never ask the system."""

    width: int | None = None
    """Columns of the terminal; `None` is unlimited: nothing is cut or dropped."""
    color: bool = False
    """Whether escape sequences for colour may be written."""
    unicode: bool = True
    """Whether characters beyond ASCII may be written."""


@dataclass(frozen=True, slots=True)
class Renderer:
    """One output format."""

    name: str
    """As in `--format`."""
    suffixes: tuple[str, ...]
    """File endings from which `--output` infers it."""
    render: Callable[[Document, Surface], str]
    """Pure: the same document and surface give the same text, ending in a newline."""
    only_kind: str | None = None
    """Kind of the only documents that it shows, such as `check`; `None` shows all."""
    draws_plots: bool = True
    """Whether the plots of a document are shown."""

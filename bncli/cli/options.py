"""Options that several commands share, declared once: name, help text and type."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Format = Annotated[
    str | None,
    typer.Option("--format", "-f", metavar="NAME", help="table, json, csv, markdown or html [default: table]"),
]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Write to FILE; its suffix chooses the format."),
]
Force = Annotated[bool, typer.Option("--force", help="Overwrite files that exist.")]
Color = Annotated[str, typer.Option("--color", metavar="WHEN", help="auto, always or never.")]

Layers = Annotated[
    list[str] | None,
    typer.Option("--layer", metavar="GLOB", help="Only layers whose name matches; may be repeated."),
]
Sort = Annotated[
    str | None,
    typer.Option("--sort", metavar="KEY", help="Sort by a column; -KEY for descending."),
]
Top = Annotated[int | None, typer.Option("--top", metavar="N", min=1, help="Only the first N after sorting.")]
Where = Annotated[
    str | None,
    typer.Option("--where", metavar="EXPR", help="Only channels for which EXPR holds: 'running_var < 1e-6'."),
]
Columns = Annotated[
    str | None,
    typer.Option("--columns", metavar="A,B", help="Columns to show; 'help' lists them."),
]

"""Tells on stderr which classes and functions a pickle named, without any claim about what they would do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from bncli.renderers.visible_text import visible

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path


def tell_named_globals(path: Path, names: Collection[str]) -> None:
    """Write the names that a file asked for, sorted, one in each line."""
    if not names:
        typer.echo(visible(f"bncli: {path}: names no class or function"), err=True)
        return
    count = "1 class or function" if len(names) == 1 else f"{len(names)} classes and functions"
    typer.echo(visible(f"bncli: {path}: names {count}; none was imported or called"), err=True)
    for name in sorted(names):
        typer.echo(f"bncli:   {visible(name)}", err=True)
    typer.echo("bncli: what they do when another program loads the file is not known from their names", err=True)

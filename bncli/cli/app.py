"""The command `bncli`: its global options, and one line for each command."""

from __future__ import annotations

from typing import Annotated

import typer

from bncli import __version__

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"bncli {__version__}")
        raise typer.Exit


@app.callback()
def bncli(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Inspect, normalize and simulate batch-normalization statistics."""

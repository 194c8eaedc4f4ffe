"""The command `bncli`: its global options, and one line for each command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bncli.core.table_on_demand import NamedOnDemand
from bncli.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bncli.cli.command import Command

COMMANDS: Mapping[str, Command] = NamedOnDemand(
    "bncli.cli",
    {
        "inspect checkpoint": "inspect_checkpoint.COMMAND",
        "inspect tensor": "inspect_tensor.COMMAND",
        "normalize": "normalize.COMMAND",
        "simulate-momentum": "simulate_momentum.COMMAND",
        "check": "check.COMMAND",
        "rule": "rule.COMMAND",
        "diff": "diff.COMMAND",
        "trend": "trend.COMMAND",
        "record": "record.COMMAND",
        "calibrate": "calibrate.COMMAND",
        "demo": "demo.COMMAND",
    },
)
"""Every command by the words that call it, in the order in which help lists them."""


def app_for(words: Sequence[str]) -> typer.Typer:
    """Return the app for the words after `bncli`: with one command alone where they begin with its name.

    To import all commands and to build their parsers takes a thirtieth of a short run.
    """
    asked = [name for name in COMMANDS if name.split() == list(words[: len(name.split())])]
    app = typer.Typer(
        rich_markup_mode=None,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(bncli)
    inspect = typer.Typer(rich_markup_mode=None, no_args_is_help=True)
    app.add_typer(inspect, name="inspect", help="Look into a checkpoint or an array.")
    for name in asked or COMMANDS:
        group, _, word = name.rpartition(" ")
        command = COMMANDS[name]
        (inspect if group else app).command(word, epilog=command.epilog)(command.run)
    return app


def _print_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"bncli {__version__}")
        raise typer.Exit


def bncli(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Inspect, normalize and simulate batch-normalization statistics."""

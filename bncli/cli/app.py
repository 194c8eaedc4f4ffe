"""The command `bncli`: its global options, and one line for each command."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Annotated

import typer

from bncli.cli import (
    calibrate,
    check,
    demo,
    diff,
    inspect_checkpoint,
    inspect_tensor,
    normalize,
    record,
    rule,
    simulate_momentum,
    trend,
)
from bncli.cli.examples import examples_epilog
from bncli.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

inspect = typer.Typer(rich_markup_mode=None, no_args_is_help=True)
app.add_typer(inspect, name="inspect", help="Look into a checkpoint or an array.")


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


def _register(group: typer.Typer, name: str, command: Callable[..., None], examples: tuple[str, ...]) -> None:
    group.command(name, epilog=examples_epilog(examples))(command)


_register(inspect, "checkpoint", inspect_checkpoint.inspect_checkpoint, inspect_checkpoint.EXAMPLES)
_register(inspect, "tensor", inspect_tensor.inspect_tensor, inspect_tensor.EXAMPLES)
_register(app, "normalize", normalize.normalize, normalize.EXAMPLES)
_register(app, "simulate-momentum", simulate_momentum.simulate_momentum, simulate_momentum.EXAMPLES)
_register(app, "check", check.check, check.EXAMPLES)
_register(app, "rule", rule.rule, rule.EXAMPLES)
_register(app, "diff", diff.diff, diff.EXAMPLES)
_register(app, "trend", trend.trend, trend.EXAMPLES)
_register(app, "record", record.record, record.EXAMPLES)
_register(app, "calibrate", calibrate.calibrate, calibrate.EXAMPLES)
_register(app, "demo", demo.demo, demo.EXAMPLES)


def app_for(words: Sequence[str]) -> typer.Typer:
    """Return the app for the words after `bncli`: without what they do not name where they begin with a name.

    Parsers of all commands take a tenth of a short run to build.
    """
    commands = [command for command in app.registered_commands if command.name in words[:1]]
    groups = [group for group in app.registered_groups if group.name in words[:1]]
    if not commands and not groups:
        return app
    alone = copy(app)
    alone.registered_commands, alone.registered_groups = commands, groups
    return alone

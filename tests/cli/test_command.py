from __future__ import annotations

import typer

from bncli.cli.command import Command
from tests.helpers.invoke import invoke

LONG = "bncli normalize samples/input_a.npy --checkpoint samples/digits.pt --layer bn2 --compare --format json"


def do_something() -> None:
    """Do something."""


def test_examples_keep_their_lines_in_the_help() -> None:
    app = typer.Typer(rich_markup_mode=None)
    command = Command(do_something, ("bncli normalize input.npy", LONG))
    app.command(epilog=command.epilog)(command.run)
    lines = [line.strip() for line in invoke("--help", app=app).stdout.splitlines()]
    assert lines[-3:] == ["Examples:", "bncli normalize input.npy", LONG]

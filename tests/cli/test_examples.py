from __future__ import annotations

import typer

from bncli.cli.examples import examples_epilog
from tests.helpers.invoke import invoke

LONG = "bncli normalize samples/input_a.npy --checkpoint samples/digits.pt --layer bn2 --compare --format json"


def test_examples_keep_their_lines_in_the_help() -> None:
    app = typer.Typer(rich_markup_mode=None)

    @app.command(epilog=examples_epilog(["bncli normalize input.npy", LONG]))
    def command() -> None:
        """Do something."""

    lines = [line.strip() for line in invoke("--help", app=app).stdout.splitlines()]
    assert lines[-3:] == ["Examples:", "bncli normalize input.npy", LONG]

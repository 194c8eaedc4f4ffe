"""Runs the command line: within the test's process, which is fast, or as a program of its own, as users do."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bncli.cli.app import app_for
from bncli.cli.guard import run

if TYPE_CHECKING:
    import typer

ROOT = Path(__file__).parents[2]
WHOLE_APP = app_for([])


@dataclass(frozen=True)
class Completed:
    """What a run left: its exit code, and what it wrote, stdout and stderr apart."""

    exit_code: int
    stdout: str
    stderr: str


def invoke(*arguments: object, app: typer.Typer = WHOLE_APP, encoding: str = "utf-8") -> Completed:
    """Run a command in this process; stdout is no terminal and has the given encoding."""
    stdout, stderr = io.BytesIO(), io.BytesIO()
    with (
        redirect_stdout(io.TextIOWrapper(stdout, encoding=encoding, write_through=True)),
        redirect_stderr(io.TextIOWrapper(stderr, encoding=encoding, write_through=True)),
    ):
        exit_code = run(app, [str(argument) for argument in arguments])
        sys.stdout.flush()
        sys.stderr.flush()
        return Completed(exit_code, stdout.getvalue().decode(encoding), stderr.getvalue().decode(encoding))


def invoke_in_shell(command: str, program: str = "-m bncli", **variables: str) -> Completed:
    """Run a shell command in which `bncli` is a program of its own, with variables added to its environment.

    The exit code is that of the first command of a pipeline. What Python warns of is an error.
    """
    command = command.replace("bncli", f"{sys.executable} -W error {program}", 1)
    completed = subprocess.run(
        ["bash", "-c", f"{command}; exit ${{PIPESTATUS[0]}}"],
        capture_output=True,
        check=False,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
    )
    return Completed(completed.returncode, completed.stdout, completed.stderr)

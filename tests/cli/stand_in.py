"""A program with commands that misbehave on purpose, run through the same entry point as bncli."""

import errno
import os
import sys
import time
import warnings
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

import bncli.cli.app
from bncli.__main__ import main as run_program
from bncli.atomic_file import atomic_file
from bncli.cli.output import OutputOptions, emit
from bncli.errors import BncliError, MalformedFile, NoBatchNormLayers
from bncli.reports.document import Column, Document, Table

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True, pretty_exceptions_enable=False)


@app.callback()
def bncli_stand_in() -> None:
    """Misbehave on purpose."""


RAISED = {
    "refused": MalformedFile("model.pt: truncated at byte 7", hint="copy it again"),
    "hostile": MalformedFile("m\x1b[2J\nodel.pt: broken", hint="first\nsecond\nthird"),
    "no-layers": NoBatchNormLayers("model.pt: no layers"),
    "bare": BncliError("something"),
    "bug": KeyError("running_mean"),
    "end-of-file": EOFError("no more input"),
    "memory": MemoryError(),
    "interrupt": KeyboardInterrupt(),
    "full": OSError(errno.ENOSPC, "No space left on device"),
    "missing": FileNotFoundError(errno.ENOENT, "No such file or directory", "x.pt"),
}


@app.command("raise")
def raise_error(name: str) -> None:
    """Raise the error of a name."""
    raise RAISED[name]


@app.command()
def show(
    rows: Annotated[int, typer.Option("--rows")] = 1,
    output_format: Annotated[str | None, typer.Option("--format")] = None,
    output: Annotated[Path | None, typer.Option("--output")] = None,
    force: Annotated[bool, typer.Option("--force")] = False,
) -> None:
    """Write a table of so many rows."""
    table = Table((Column("name", "name", "text", "names"),), tuple((f"row é {index}",) for index in range(rows)))
    emit(Document("rows", (table,), {"rows": rows}), OutputOptions(output_format, output, force))


@app.command()
def write(path: Path, megabytes: int = 1, pause: float = 0) -> None:
    """Replace a file by megabytes of one value, resting in the middle."""
    with atomic_file(path, force=True) as file:
        sys.stderr.write("started\n")
        sys.stderr.flush()
        for index in range(megabytes):
            if index == megabytes // 2:
                time.sleep(pause)
            file.write(bytes([os.getpid() % 256]) * 2**20)


@app.command()
def warn() -> None:
    """Let NumPy and Python warn."""
    np.array([1.0]) / np.array([0.0])
    warnings.warn("careful", stacklevel=1)


def main() -> int:
    """Run this program as bncli is run."""
    bncli.cli.app.app_for = lambda _words: app
    return run_program()


if __name__ == "__main__":
    sys.exit(main())

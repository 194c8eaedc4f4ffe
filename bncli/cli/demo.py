"""The command `bncli demo`."""

from pathlib import Path
from typing import Annotated

import typer

from bncli.cli import options
from bncli.cli.command import Command
from bncli.cli.output import OutputOptions, emit

EXAMPLES = (
    "bncli demo",
    "bncli demo /tmp/bncli-demo --force",
    "bncli demo /tmp/bncli-demo --force --format markdown",
)


def demo(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Folder to write into.")] = Path("bncli-demo"),
    *,
    output_format: options.Format = None,
    output: options.Output = None,
    force: options.Force = False,
    color: options.Color = "auto",
) -> None:
    """Write small checkpoints to try the commands on.

    Some are healthy and some have one planted fault each; what is shown leads through them.
    """
    from bncli.cli.planted_folder import write_folder
    from bncli.planted.catalogue import FAULTS
    from bncli.planted.changes import CHANGES
    from bncli.planted.layout import planted_files
    from bncli.reports.demo import demo_document

    destination = OutputOptions(output_format, output, force, color)
    write_folder(folder, {path: model.file() for path, model in planted_files().items()}, force=force)
    emit(demo_document(folder, FAULTS, CHANGES), destination)


COMMAND = Command(demo, EXAMPLES)

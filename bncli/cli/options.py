"""Options that several commands share, declared once: name, help text and type."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bncli.cli.layer_completion import complete_layer

Format = Annotated[
    str | None,
    typer.Option("--format", "-f", metavar="NAME", help="table, json, csv, markdown or html. [default: table]"),
]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Write to FILE; its suffix chooses the format."),
]
Force = Annotated[bool, typer.Option("--force", help="Overwrite files that exist.")]
Color = Annotated[str, typer.Option("--color", metavar="WHEN", help="auto, always or never.")]

Layers = Annotated[
    list[str] | None,
    typer.Option(
        "--layer",
        metavar="GLOB",
        help="Only layers whose name matches; may be repeated.",
        autocompletion=complete_layer,
    ),
]
OneLayer = Annotated[
    str | None,
    typer.Option(
        "--layer",
        metavar="NAME",
        help="Which layer of the checkpoint or the recording.",
        autocompletion=complete_layer,
    ),
]
Sort = Annotated[
    str | None,
    typer.Option("--sort", metavar="KEY", help="Sort by a column; -KEY for descending."),
]
Top = Annotated[
    int | None, typer.Option("--top", metavar="N", min=1, help="Only the N worst, or the first N by --sort.")
]
Where = Annotated[
    list[str] | None,
    typer.Option(
        "--where", metavar="EXPR", help="Only channels for which EXPR holds: 'running_var < 1e-6'; may be repeated."
    ),
]
LayersWhere = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        metavar="EXPR",
        help="Only layers with a channel for which EXPR holds: 'running_var < 1e-6'; may be repeated.",
    ),
]
Columns = Annotated[
    str | None,
    typer.Option("--columns", metavar="A,B", help="Columns to show; 'help' lists them."),
]

Eps = Annotated[
    float | None,
    typer.Option("--eps", metavar="X", help="eps of the layers. [default: stored, else the framework's]"),
]
Momentum = Annotated[
    str | None,
    typer.Option(
        "--momentum", metavar="M", help="Weight of the new batch, or none. [default: stored, else the framework's]"
    ),
]
ArrayName = Annotated[
    str | None, typer.Option("--array", metavar="NAME", help="Which array of the file, if it holds several.")
]
ChannelAxis = Annotated[
    int, typer.Option("--channel-axis", metavar="AXIS", help="1, or -1 for channels last.", show_default=True)
]

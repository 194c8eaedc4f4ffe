"""The command `bncli inspect checkpoint`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bncli.cli import options
from bncli.cli.command import Command
from bncli.cli.output import OutputOptions, emit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bncli.reports.arrangement import Field

EXAMPLES = (
    "bncli inspect checkpoint samples/digits.pt",
    "bncli inspect checkpoint samples/digits.pt --layer bn2 --channels --sort -running_var",
    "bncli inspect checkpoint samples/digits_ema.pt --where 'running_var < 0.1' --format json",
)


def inspect_checkpoint(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A checkpoint.")],
    *,
    layer: options.Layers = None,
    channels: Annotated[bool, typer.Option("--channels", help="One row for each channel.")] = False,
    sort: options.Sort = None,
    top: options.Top = None,
    where: options.Where = None,
    columns: options.Columns = None,
    eps: options.Eps = None,
    momentum: options.Momentum = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Tell on stderr which classes and functions a pickle names.")
    ] = False,
    output_format: options.Format = None,
    output: options.Output = None,
    force: options.Force = False,
    color: options.Color = "auto",
) -> None:
    """Show the layers of a checkpoint and their statistics."""
    from bncli.analysis.channel_filter import ChannelFilter
    from bncli.analysis.inspection import inspect
    from bncli.analysis.layer_selection import select
    from bncli.cli.arrangement_options import arrangement, shows_columns_help
    from bncli.cli.given_settings import given_settings
    from bncli.cli.named_globals import tell_named_globals
    from bncli.cli.opened_checkpoint import open_checkpoint
    from bncli.reports.arrangement import columns_document
    from bncli.reports.channel_fields import CHANNEL_FIELDS
    from bncli.reports.checkpoint import checkpoint_document
    from bncli.reports.layer_fields import LAYER_FIELDS

    destination = OutputOptions(output_format, output, force, color, inputs=(file,))
    fields: Sequence[Field[Any]] = CHANNEL_FIELDS if channels else LAYER_FIELDS
    if shows_columns_help(columns):
        emit(columns_document(fields), destination)
        return
    order = arrangement(sort, top, columns, fields)
    condition = ChannelFilter.parse_all(where or ())
    opened = open_checkpoint(file, given_settings(eps, momentum), tell_named_globals if verbose else None)
    checkpoint = opened.checkpoint
    layers = inspect(select(checkpoint, layer or (), condition))
    document = checkpoint_document(
        checkpoint,
        layers,
        order,
        array_names=opened.array_names,
        with_channels=channels,
        is_filtered=condition is not None,
    )
    emit(document, destination)


COMMAND = Command(inspect_checkpoint, EXAMPLES)

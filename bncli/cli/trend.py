"""The command `bncli trend`."""

from pathlib import Path
from typing import Annotated

import typer

from bncli.cli import options
from bncli.cli.command import Command
from bncli.cli.output import OutputOptions, emit

EXAMPLES = (
    "bncli trend samples/digits_epoch_?.pt samples/digits.pt",
    "bncli trend samples/digits_epoch_?.pt --layer bn2 --format json",
    "bncli trend samples/digits_epoch_?.pt --sort -var_last --top 2",
)


def trend(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Two or more checkpoints of a run.")],
    *,
    layer: options.Layers = None,
    sort: options.Sort = None,
    top: options.Top = None,
    where: options.LayersWhere = None,
    columns: options.Columns = None,
    eps: options.Eps = None,
    momentum: options.Momentum = None,
    output_format: options.Format = None,
    output: options.Output = None,
    force: options.Force = False,
    color: options.Color = "auto",
) -> None:
    """Show how layers moved over the checkpoints of a run."""
    from bncli.analysis.channel_filter import ChannelFilter
    from bncli.analysis.trend import select_layers, trend
    from bncli.cli.arrangement_options import arrangement, shows_columns_help
    from bncli.cli.given_settings import given_settings
    from bncli.cli.opened_checkpoint import open_checkpoint
    from bncli.errors import InvalidUsage
    from bncli.reports.arrangement import columns_document
    from bncli.reports.trend import trend_document
    from bncli.reports.trend_fields import TREND_FIELDS

    destination = OutputOptions(output_format, output, force, color, inputs=tuple(files))
    if shows_columns_help(columns):
        emit(columns_document(TREND_FIELDS), destination)
        return
    order = arrangement(sort, top, columns, TREND_FIELDS)
    if len(files) < 2:  # noqa: PLR2004 - a trend needs two points
        raise InvalidUsage(f"a trend needs two or more checkpoints, and only {files[0]} is given")
    condition = ChannelFilter.parse_all(where or ())
    settings = given_settings(eps, momentum)
    run = trend([open_checkpoint(file, settings).checkpoint for file in files])
    emit(trend_document(select_layers(run, layer or (), condition), order), destination)


COMMAND = Command(trend, EXAMPLES)

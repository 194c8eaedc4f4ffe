"""The command `bncli diff`."""

from pathlib import Path
from typing import Annotated

import typer

from bncli.cli import options
from bncli.cli.command import Command
from bncli.cli.output import OutputOptions, emit

EXIT_DIFFERENT = 1

EXAMPLES = (
    "bncli diff samples/digits_epoch_1.pt samples/digits.pt",
    "bncli diff samples/digits.pt samples/digits.safetensors --exit-code",
    "bncli diff samples/digits_epoch_3.pt samples/digits_legacy.pth --layer bn2 --format json",
)


def diff(
    before: Annotated[Path, typer.Argument(metavar="A", help="A checkpoint.")],
    after: Annotated[Path, typer.Argument(metavar="B", help="A later one, or a copy in any format.")],
    *,
    layer: options.Layers = None,
    ranks: Annotated[
        bool, typer.Option("--ranks", help="The files are two ranks of one run. [default: if their names say rankN]")
    ] = False,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit with 1 if any layer differs.")] = False,
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
    """Show what happened to layers between two checkpoints.

    Gives each batch-normalization layer a verdict, such as trained, frozen, averaged or re-estimated.
    """
    from bncli.analysis.channel_filter import ChannelFilter
    from bncli.analysis.comparison import compare
    from bncli.analysis.comparison_selection import select_changes
    from bncli.analysis.rank_files import are_rank_files
    from bncli.cli.arrangement_options import arrangement, shows_columns_help
    from bncli.cli.given_settings import given_settings
    from bncli.cli.opened_checkpoint import open_checkpoint
    from bncli.reports.arrangement import columns_document
    from bncli.reports.comparison import comparison_document
    from bncli.reports.comparison_fields import COMPARISON_FIELDS

    destination = OutputOptions(output_format, output, force, color, inputs=(before, after))
    if shows_columns_help(columns):
        emit(columns_document(COMPARISON_FIELDS), destination)
        return
    order = arrangement(sort, top, columns, COMPARISON_FIELDS)
    condition = ChannelFilter.parse_all(where or ())
    settings = given_settings(eps, momentum)
    first, second = open_checkpoint(before, settings), open_checkpoint(after, settings)
    checkpoints = first.checkpoint, second.checkpoint
    are_ranks = ranks or are_rank_files(before, after)
    comparison = compare(checkpoints[0].layers, checkpoints[1].layers, are_ranks=are_ranks)
    comparison = select_changes(comparison, layer or (), condition)
    emit(comparison_document(checkpoints, comparison, order, second.array_names), destination)
    if exit_code and not comparison.are_equal:
        raise typer.Exit(EXIT_DIFFERENT)


COMMAND = Command(diff, EXAMPLES)

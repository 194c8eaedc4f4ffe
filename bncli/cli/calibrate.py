"""The command `bncli calibrate`."""

from pathlib import Path
from typing import Annotated

import typer

from bncli.cli import options
from bncli.cli.command import Command
from bncli.cli.output import OutputOptions, emit

EXAMPLES = (
    "bncli calibrate samples/digits.pt samples/digits_run.safetensors -o /tmp/calibrated.pt --force",
    "bncli calibrate samples/digits.safetensors samples/digits_run.safetensors -o /tmp/calibrated.safetensors --force "
    "--format json",
    "bncli calibrate samples/digits.pt samples/digits_run.safetensors -o /tmp/adapted.pt --force --prior-weight 256",
)


def calibrate(
    checkpoint: Annotated[
        Path, typer.Argument(metavar="CHECKPOINT", help="A safetensors file, or one of torch.save since PyTorch 1.6.")
    ],
    recording: Annotated[
        list[Path], typer.Argument(metavar="RECORDING...", help="What bncli record wrote; of several, all batches.")
    ],
    *,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="NEW", help="The new checkpoint.")],
    estimate: Annotated[
        str, typer.Option(metavar="NAME", help="pooled, mean-of-batches (as torch's update_bn) or ema.")
    ] = "pooled",
    momentum: Annotated[str | None, typer.Option(metavar="M", help="Weight of the new batch, for ema.")] = None,
    prior_weight: Annotated[
        float, typer.Option(metavar="N", help="Let the old statistics count for N samples beside the recorded ones.")
    ] = 0.0,
    layer: options.Layers = None,
    sort: options.Sort = None,
    top: options.Top = None,
    where: options.LayersWhere = None,
    columns: options.Columns = None,
    eps: options.Eps = None,
    output_format: options.Format = None,
    force: options.Force = False,
    color: options.Color = "auto",
) -> None:
    """Write a checkpoint with the population's statistics.

    The running statistics of the new file are estimated from recorded batches.

    Only running means and variances change: every other byte of the new file is that of CHECKPOINT.
    """
    from bncli.analysis.channel_filter import ChannelFilter
    from bncli.atomic_file import check_writable
    from bncli.cli.arrangement_options import arrangement, shows_columns_help
    from bncli.cli.calibration_wiring import calibrate_file, estimate_settings
    from bncli.cli.given_settings import given_settings
    from bncli.reports.arrangement import columns_document
    from bncli.reports.calibration import calibration_document
    from bncli.reports.calibration_fields import CALIBRATION_FIELDS

    destination = OutputOptions(output_format, color=color)
    if shows_columns_help(columns):
        emit(columns_document(CALIBRATION_FIELDS), destination)
        return
    order = arrangement(sort, top, columns, CALIBRATION_FIELDS)
    condition = ChannelFilter.parse_all(where or ())
    check_writable(output, force=force)
    settings = estimate_settings(estimate, momentum, prior_weight)
    calibration, files = calibrate_file(
        checkpoint,
        recording,
        output,
        settings,
        given=given_settings(eps, None),
        globs=layer or (),
        where=condition,
        force=force,
    )
    emit(calibration_document(calibration, files, order), destination)


COMMAND = Command(calibrate, EXAMPLES)

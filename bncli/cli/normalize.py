"""The command `bncli normalize`."""

from pathlib import Path
from typing import Annotated

import typer

from bncli.cli import options
from bncli.cli.command import Command
from bncli.cli.output import OutputOptions, emit

EXAMPLES = (
    "bncli normalize samples/input_a.npy",
    "bncli normalize samples/activations_washed_out.npy --checkpoint samples/digits.pt --layer bn2 --compare",
    "bncli normalize samples/input_b.npy --mode eval --steps 1 --values",
)


def normalize(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An array: .npy, .npz, .safetensors or .pt.")],
    *,
    array: options.ArrayName = None,
    mode: Annotated[str, typer.Option("--mode", metavar="MODE", help="train or eval.")] = "train",
    compare: Annotated[bool, typer.Option("--compare", help="Show train mode beside eval mode.")] = False,
    checkpoint: Annotated[Path | None, typer.Option(metavar="CKPT", help="Take the layer from a checkpoint.")] = None,
    layer: options.OneLayer = None,
    weight: Annotated[Path | None, typer.Option(metavar="FILE", help="Learned scale, shape (C,).")] = None,
    bias: Annotated[Path | None, typer.Option(metavar="FILE", help="Learned shift, shape (C,).")] = None,
    running_mean: Annotated[Path | None, typer.Option(metavar="FILE", help="Running mean, shape (C,).")] = None,
    running_var: Annotated[Path | None, typer.Option(metavar="FILE", help="Running variance, shape (C,).")] = None,
    affine: Annotated[bool, typer.Option("--affine/--no-affine", help="Apply weight and bias.")] = True,
    track_running_stats: Annotated[
        bool, typer.Option("--track-running-stats/--no-track-running-stats", help="Keep running statistics.")
    ] = True,
    eps: options.Eps = None,
    momentum: options.Momentum = None,
    steps: Annotated[
        int | None,
        typer.Option(min=0, metavar="K", help="Training steps on the input. [default: 1 in train mode, 0 in eval]"),
    ] = None,
    backend: Annotated[str, typer.Option(metavar="NAME", help="auto, numpy, torch or both.")] = "auto",
    device: Annotated[str, typer.Option(metavar="NAME", help="Where torch computes: cpu, cuda or cuda:N.")] = "cpu",
    dtype: Annotated[
        str | None, typer.Option(metavar="NAME", help="float64, float32, float16 or bfloat16 [default: stored]")
    ] = None,
    channel_axis: options.ChannelAxis = 1,
    save: Annotated[
        Path | None, typer.Option(metavar="OUT", help="Write the output array: .npy or .safetensors.")
    ] = None,
    values: Annotated[bool, typer.Option("--values", help="Print the arrays before and after.")] = False,
    output_format: options.Format = None,
    output: options.Output = None,
    force: options.Force = False,
    color: options.Color = "auto",
) -> None:
    """Normalize an array as train mode or as eval mode does."""
    from bncli.cli.given_settings import given_settings
    from bncli.cli.kept_inputs import require_apart, require_two_files
    from bncli.cli.normalization_wiring import ExtraOptions, InputOptions, normalization_report, run_settings
    from bncli.cli.working_layer import LayerOptions
    from bncli.reports.normalization import normalization_document

    inputs = (file, checkpoint, weight, bias, running_mean, running_var)
    destination = OutputOptions(output_format, output, force, color, inputs=inputs)
    if save is not None:
        require_apart("--save", save, inputs[1:])  # an array may take the place of the one that it was made of
        require_two_files("--save", save, "--output", output)
    settings = run_settings(mode, steps, channel_axis, backend, device)
    layer_options = LayerOptions(
        checkpoint=checkpoint,
        layer=layer,
        weight=weight,
        bias=bias,
        running_mean=running_mean,
        running_var=running_var,
        is_affine=affine,
        tracks_running_stats=track_running_stats,
        given=given_settings(eps, momentum),
    )
    extras = ExtraOptions(
        compares_modes=compare,
        compares_backends=backend == "both",
        shows_values=values,
        save=save,
        overwrites=force,
    )
    report = normalization_report(InputOptions(file, array, dtype), layer_options, settings, extras)
    emit(normalization_document(report), destination)


COMMAND = Command(normalize, EXAMPLES)

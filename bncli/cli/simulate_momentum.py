"""The command `bncli simulate-momentum`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bncli.cli import options
from bncli.cli.command import Command
from bncli.cli.output import OutputOptions, emit

if TYPE_CHECKING:
    from bncli.analysis.running_trajectory import KeptSteps

EXAMPLES = (
    "bncli simulate-momentum samples/input_a.npy samples/input_b.npy --momentum 0.1",
    "bncli simulate-momentum --mean 3 --std 2 --steps 500 --momentum 0.1 --momentum 0.01 --momentum none",
    "bncli simulate-momentum --checkpoint samples/digits.pt --layer bn2 --dtype bfloat16 --steps 5000 --momentum 0.01",
)


def simulate_momentum(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILES]...", help="Arrays, each a batch (.npy, .safetensors, .pt), or a recording."),
    ] = None,
    *,
    array: options.ArrayName = None,
    batch_size: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Cut files into batches of N samples; of synthetic batches the values per channel. [default: 32]",
        ),
    ] = None,
    channel_axis: Annotated[
        int | None, typer.Option(metavar="AXIS", help="1, or -1 for channels last. [default: 1]")
    ] = None,
    checkpoint: Annotated[
        Path | None, typer.Option(metavar="CKPT", help="Take a layer's running statistics as the population.")
    ] = None,
    layer: options.OneLayer = None,
    mean: Annotated[float | None, typer.Option(metavar="X", help="Mean of a normal population. [default: 0]")] = None,
    std: Annotated[float | None, typer.Option(metavar="X", help="Its standard deviation. [default: 1]")] = None,
    scenario: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="stationary, drift, shift or class-sorted. [default: stationary]"),
    ] = None,
    momentum: Annotated[
        list[str] | None,
        typer.Option(metavar="M", help="Weight of the new batch, or none; may be repeated. [default: 0.1]"),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Training steps. [default: 1000, or once through the files]"),
    ] = None,
    ghost_batch: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Replay as if batches were normalized in parts of N samples."),
    ] = None,
    updates_per_step: Annotated[
        int, typer.Option(min=1, metavar="K", help="Updates of a recorded batch; activation checkpointing makes 2.")
    ] = 1,
    init_mean: Annotated[
        float | None, typer.Option(metavar="X", help="Running mean before the first step. [default: recorded, else 0]")
    ] = None,
    init_var: Annotated[
        float | None, typer.Option(metavar="X", help="Running variance before it. [default: recorded, else 1]")
    ] = None,
    convention: Annotated[
        str, typer.Option(metavar="NAME", help="torch, or keras: --momentum is a decay, variances have ddof 0.")
    ] = "torch",
    dtype: Annotated[
        str, typer.Option(metavar="NAME", help="Buffers' precision: float64, float32, bfloat16 or float16.")
    ] = "float64",
    seed: Annotated[int | None, typer.Option(min=0, metavar="N", help="Of synthetic batches. [default: 0]")] = None,
    trajectory: Annotated[bool, typer.Option("--trajectory", help="Put every step into the JSON.")] = False,
    output_format: options.Format = None,
    output: options.Output = None,
    force: options.Force = False,
    color: options.Color = "auto",
) -> None:
    """Show how running statistics follow the batches.

    For one momentum, or for several side by side. Batches come from files, from a recording, or from a population.
    """
    from bncli.cli.batch_options import BatchOptions
    from bncli.cli.simulation_wiring import RunOptions, simulate
    from bncli.reports.simulation import simulation_document

    destination = OutputOptions(output_format, output, force, color, inputs=(*(files or ()), checkpoint))
    sampled: KeptSteps = "sampled" if destination.draws_plots else "last"
    kept: KeptSteps = "all" if trajectory else sampled
    run_options = RunOptions(momentum, steps, init_mean, init_var, convention, dtype, kept)
    batch_options = BatchOptions(
        paths=files or [],
        array=array,
        channel_axis=channel_axis,
        batch_size=batch_size,
        checkpoint=checkpoint,
        layer=layer,
        mean=mean,
        std=std,
        scenario=scenario,
        seed=seed,
        ghost_batch=ghost_batch,
        updates_per_step=updates_per_step,
    )
    emit(simulation_document(simulate(batch_options, run_options)), destination)


COMMAND = Command(simulate_momentum, EXAMPLES)

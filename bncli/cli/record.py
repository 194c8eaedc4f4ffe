"""The command `bncli record`."""

from pathlib import Path
from typing import Annotated

import typer

from bncli.cli import options
from bncli.cli.command import Command

EXAMPLES = (
    "bncli record --model samples.digits_task:make_model --weights samples/digits.pt "
    "--loader samples.digits_task:make_loader --steps 8 -o /tmp/run.safetensors --force",
    "bncli record --model samples.digits_task:make_model --weights samples/digits.pt "
    "--loader samples.digits_task:make_loader --bn-mode eval -o /tmp/run.safetensors --force --format json",
    "torchrun --nproc-per-node 2 -m bncli record --model samples.digits_task:make_model "
    "--loader samples.digits_task:make_loader -o /tmp/run.safetensors --force",
)


def record(
    *,
    model: Annotated[
        str,
        typer.Option(metavar="WHAT", help="package.module:factory, or a TorchScript or .pt2 file, without code."),
    ],
    loader: Annotated[
        str, typer.Option(metavar="WHAT", help="package.module:factory that gives an iterable of batches.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="RUN", help="The recording, a safetensors file.")],
    weights: Annotated[
        Path | None, typer.Option(metavar="CKPT", help="State dict to load into the model that the factory makes.")
    ] = None,
    steps: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Batches in all. [default: the whole loader]")
    ] = None,
    bn_mode: Annotated[
        str, typer.Option(metavar="MODE", help="train: normalize with each batch; eval: with running statistics.")
    ] = "train",
    train_all: Annotated[
        bool, typer.Option("--train-all", help="Put all other modules in train mode too, dropout included.")
    ] = False,
    device: Annotated[str, typer.Option(metavar="NAME", help="cpu, cuda or cuda:N.")] = "cpu",
    dtype: Annotated[
        str | None, typer.Option(metavar="NAME", help="Run in float32, float64, bfloat16 or float16 [default: as made]")
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, metavar="N", help="Of torch, NumPy and random, before your code runs.")
    ] = 0,
    sharded_loader: Annotated[
        bool, typer.Option("--sharded-loader", help="Under torchrun: the loader gives each rank its share itself.")
    ] = False,
    timeout: Annotated[
        float, typer.Option(min=1, metavar="S", help="Under torchrun: seconds to wait for other ranks.")
    ] = 600.0,
    output_format: options.Format = None,
    force: options.Force = False,
    color: options.Color = "auto",
) -> None:
    """Run a model and record the statistics of each batch.

    This command imports and runs your own code: the module and the function that --model and --loader name. No other
    command does. The model is run forward alone, everything but batch normalization in eval mode, and is left as it
    was. Of a batch that is a tuple or list the first part goes into the model, a dict gives keyword arguments.

    Under torchrun every rank takes its share of the batches, and the recording has the same bytes as of one process.
    """
    from bncli.cli.output import OutputOptions
    from bncli.cli.recording_wiring import RecordOptions, record_and_report

    destination = OutputOptions(output_format, color=color)
    given = RecordOptions(
        model, weights, loader, steps, bn_mode, train_all, device, dtype, seed, sharded_loader, timeout, output, force
    )
    record_and_report(given, destination)


COMMAND = Command(record, EXAMPLES)

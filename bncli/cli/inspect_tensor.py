"""The command `bncli inspect tensor`."""

from pathlib import Path
from typing import Annotated

import typer

from bncli.cli import options
from bncli.cli.command import Command
from bncli.cli.output import OutputOptions, emit

EXAMPLES = (
    "bncli inspect tensor samples/input_a.npy",
    "bncli inspect tensor samples/activations_1.npy --sort -biased_var --top 5",
    "bncli inspect tensor samples/activations_bfloat16.safetensors --format csv",
)


def inspect_tensor(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An array: .npy, .npz, .safetensors or .pt.")],
    *,
    array: options.ArrayName = None,
    channel_axis: options.ChannelAxis = 1,
    sort: options.Sort = None,
    top: options.Top = None,
    columns: options.Columns = None,
    output_format: options.Format = None,
    output: options.Output = None,
    force: options.Force = False,
    color: options.Color = "auto",
) -> None:
    """Show the statistics of each channel of an array."""
    from bncli.analysis.input_tensor import measured_tensor
    from bncli.analysis.tensor_statistics import tensor_statistics
    from bncli.cli.arrangement_options import arrangement, shows_columns_help
    from bncli.formats.detection import open_named_arrays
    from bncli.reports.arrangement import columns_document
    from bncli.reports.tensor import TENSOR_FIELDS, tensor_document

    destination = OutputOptions(output_format, output, force, color, inputs=(file,))
    if shows_columns_help(columns):
        emit(columns_document(TENSOR_FIELDS), destination)
        return
    order = arrangement(sort, top, columns, TENSOR_FIELDS)
    with open_named_arrays(file) as arrays:
        statistics = tensor_statistics(measured_tensor(arrays, array), channel_axis)
    emit(tensor_document(statistics, order), destination)


COMMAND = Command(inspect_tensor, EXAMPLES)

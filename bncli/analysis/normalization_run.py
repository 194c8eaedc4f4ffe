"""One layer on one array: what goes in, what comes out, and what happens to the running statistics."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from bncli.analysis.tensor_statistics import TensorStatistics, tensor_statistics
from bncli.analysis.train_eval_gap import TrainEvalGap, train_eval_gap
from bncli.core.backends import numpy_backend
from bncli.core.backends.torch_backend import TorchBatchNorm
from bncli.core.moments import MomentsAccumulator
from bncli.core.normalization import check_input
from bncli.core.value_range import RangeAccumulator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray

    from bncli.analysis.input_tensor import InputTensor
    from bncli.core.channel_layout import Block, ChannelLayout
    from bncli.core.moments import Moments
    from bncli.core.named_arrays import Array
    from bncli.core.normalization import BatchNorm, Mode, Normalization
    from bncli.core.running_statistics import RunningStatistics
    from bncli.core.value_range import ValueRange

    Sink = Callable[[Array], None]

Backend = Literal["numpy", "torch"]


@dataclass(frozen=True, slots=True)
class RunSettings:
    """How a layer is run on an array."""

    mode: Mode
    steps: int
    """Training steps on the array. In train mode the last of them gives the output; in eval mode they come before."""
    channel_axis: int = 1
    backend: Backend = "numpy"
    device: str = "cpu"
    """Where torch computes; NumPy has no choice."""


@dataclass(frozen=True, slots=True, eq=False)
class NormalizationResult:
    """Everything that one run shows."""

    settings: RunSettings
    inputs: TensorStatistics
    before: BatchNorm
    """The layer before any step."""
    after: BatchNorm
    """The layer after the last step."""
    used: Normalization
    """The transform that gave the output."""
    output: Moments
    output_range: ValueRange


def run(tensor: InputTensor, layer: BatchNorm, settings: RunSettings, sink: Sink | None = None) -> NormalizationResult:
    """Run a layer on an array of any size and return what happened.

    Args:
        tensor: the input; read twice, block by block, except by torch, which holds it whole.
        layer: the layer before the first step.
        settings: mode, number of steps, axis and backend.
        sink: takes the output, flat in C order and piece by piece.

    Raises:
        ShapeMismatch: the input's shape is none of batch normalization's, its channels are not the layer's, or it has
            one value per channel in train mode.
        InvalidUsage: eps is 0 in train mode.
    """
    inputs = tensor_statistics(tensor, settings.channel_axis)
    check_input(inputs.layout, layer.num_features, str(tensor))
    if settings.steps:
        layer.normalization("train", inputs.moments)  # refuses what no training step can take
    after = layer.trained_on(inputs.moments, settings.steps)
    used = after.normalization(settings.mode, inputs.moments)
    if settings.backend == "torch":
        blocks, torch_running = _torch_blocks(tensor, layer, settings, inputs.layout)
        after = replace(after, running=torch_running)
        used = used if settings.mode == "train" else after.normalization("eval", inputs.moments)
    else:
        blocks = numpy_backend.transform(inputs.layout, tensor.read, used, tensor.dtype)
    output, output_range = _measured(blocks, inputs.layout, sink)
    return NormalizationResult(settings, inputs, layer, after, used, output, output_range)


def gap(result: NormalizationResult) -> TrainEvalGap:
    """Return how far train mode stands from eval mode, reading the input once more.

    Eval mode is that of the running statistics before a run in train mode, and after the training steps that precede
    one in eval mode: never of statistics that the compared output itself has moved.
    """
    inputs = result.inputs
    means = _sample_means(inputs.layout, inputs.tensor)
    compared = compared_layer(result)
    train = compared.normalization("train", inputs.moments)
    evaluation = compared.normalization("eval", inputs.moments)
    return train_eval_gap(inputs.moments, means, train, evaluation)


def compared_layer(result: NormalizationResult) -> BatchNorm:
    """Return the layer whose eval mode `gap` compares with train mode."""
    return result.before if result.settings.mode == "train" else result.after


def _torch_blocks(
    tensor: InputTensor, layer: BatchNorm, settings: RunSettings, layout: ChannelLayout
) -> tuple[Iterator[tuple[Block, Array]], RunningStatistics | None]:
    x = tensor.read(0, int(np.prod(layout.shape))).reshape(layout.shape)
    module = TorchBatchNorm(layer, len(layout.shape), tensor.dtype, settings.device)
    axis = layout.channel_axis
    output = module.forward(x, "train", axis, settings.steps) if settings.steps else None
    if output is None or settings.mode == "eval":
        output = module.forward(x, "eval", axis)
    flat = output.reshape(-1)
    return numpy_backend.read_blocks(layout, lambda start, stop: flat[start:stop]), module.running()


def _measured(
    blocks: Iterable[tuple[Block, Array]], layout: ChannelLayout, sink: Sink | None
) -> tuple[Moments, ValueRange]:
    moments = MomentsAccumulator(layout)
    value_range = RangeAccumulator(layout.num_features)
    for block, values in blocks:
        moments.add(block, values)
        value_range.add(block, values)
        if sink is not None:
            sink(values)
    return moments.result(), value_range.result()


def _sample_means(layout: ChannelLayout, tensor: InputTensor) -> NDArray[np.float64]:
    """Return the mean of each sample over its positions, shape (N, C)."""
    sums = np.zeros((layout.num_samples, layout.num_features))
    sample = layout.num_features * layout.num_positions
    for block, values in numpy_backend.read_blocks(layout, tensor.read):
        first = block.start // sample
        last = (block.stop - 1) // sample + 1
        cube = values.reshape(last - first, -1 if layout.is_channels_last else 1, *block.shape[1:])
        sums[first:last, block.channels] += cube.sum(axis=(1, 3), dtype=np.float64)
    return sums / layout.num_positions

"""One layer on one array: what goes in, what comes out, and what happens to the running statistics."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np

from bncli.analysis.tensor_statistics import TensorStatistics, tensor_statistics
from bncli.analysis.train_eval_gap import TrainEvalGap, train_eval_gap
from bncli.core.backends import numpy_backend
from bncli.core.backends.block_pass import BlockReader, read_blocks
from bncli.core.backends.torch_backend import TorchBatchNorm
from bncli.core.block_transform import BlockTransform
from bncli.core.normalization import check_input, check_training_batch
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bncli.analysis.input_tensor import InputTensor
    from bncli.core.backends.block_pass import Advance
    from bncli.core.channel_layout import ChannelLayout
    from bncli.core.named_arrays import Array
    from bncli.core.normalization import BatchNorm, Mode, Normalization

    FloatArray = NDArray[np.float64]

Backend = Literal["numpy", "torch"]


class OutputSink(Protocol):
    """Takes the output of a run piece by piece."""

    @property
    def is_order_free(self) -> bool:
        """Whether pieces may come in any order, and from copies of this process."""

    def write(self, start: int, values: Array) -> None:
        """Take elements from `start` on, flat in C order; their memory is used again afterwards."""


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
class NormalizationOutput:
    """Statistics of the output; arrays of shape (C,).

    Of NumPy's output they follow from those of the input: mean and variance are those before the rounding to the
    element type, the extremes those after it. torch's output is measured.
    """

    mean: FloatArray
    biased_var: FloatArray
    minimum: FloatArray
    maximum: FloatArray


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
    output: NormalizationOutput


def run(
    tensor: InputTensor,
    layer: BatchNorm,
    settings: RunSettings,
    sink: OutputSink | None = None,
    advance: Advance | None = None,
) -> NormalizationResult:
    """Run a layer on an array of any size and return what happened.

    Args:
        tensor: the input; read block by block, a second time for the output; torch holds it whole.
        layer: the layer before the first step.
        settings: mode, number of steps, axis and backend.
        sink: takes the output; without one NumPy computes none.
        advance: told the number of elements of each block that is done, in either pass.

    Raises:
        ShapeMismatch: the input's shape is none of batch normalization's, its channels are not the layer's, or it has
            one value per channel in train mode.
        InvalidUsage: eps is 0 in train mode.
    """
    inputs = tensor_statistics(tensor, settings.channel_axis, advance)
    check_input(inputs.layout, layer.num_features, str(tensor))
    if settings.steps:
        check_training_batch(inputs.layout, str(tensor))
        layer.normalization("train", inputs.moments)  # refuses what no training step can take
    after = layer.trained_on(inputs.moments, settings.steps)
    used = after.normalization(settings.mode, inputs.moments)
    if settings.backend == "torch":
        return _torch_run(inputs, layer, settings, sink)
    if sink is not None:
        transform = BlockTransform(inputs.layout, used, tensor.dtype, inputs.value_range)
        numpy_backend.transform(
            transform,
            tensor.reader(),
            lambda block, values: sink.write(block.start, values),
            advance,
            is_order_free=sink.is_order_free,
        )
    output = used.image_of_moments(inputs.moments)
    smallest, largest = used.image_of_range(inputs.value_range, tensor.dtype)
    described = NormalizationOutput(output.mean, output.biased_var, smallest, largest)
    return NormalizationResult(settings, inputs, layer, after, used, described)


def gap(result: NormalizationResult) -> TrainEvalGap:
    """Return how far train mode stands from eval mode, reading the input once more.

    Eval mode is that of the running statistics before a run in train mode, and after the training steps that precede
    one in eval mode: never of statistics that the compared output itself has moved.

    Raises:
        ShapeMismatch: the input has one value per channel, on which train mode does not run.
    """
    inputs = result.inputs
    check_training_batch(inputs.layout, str(inputs.tensor))
    means = _sample_means(inputs.layout, inputs.tensor)
    compared = compared_layer(result)
    train = compared.normalization("train", inputs.moments)
    evaluation = compared.normalization("eval", inputs.moments)
    return train_eval_gap(inputs.moments, means, train, evaluation)


def compared_layer(result: NormalizationResult) -> BatchNorm:
    """Return the layer whose eval mode `gap` compares with train mode."""
    return result.before if result.settings.mode == "train" else result.after


def _torch_run(
    inputs: TensorStatistics, layer: BatchNorm, settings: RunSettings, sink: OutputSink | None
) -> NormalizationResult:
    layout, tensor = inputs.layout, inputs.tensor
    x = tensor.read(0, math.prod(layout.shape)).reshape(layout.shape)
    module = TorchBatchNorm(layer, len(layout.shape), tensor.dtype, settings.device)
    y = module.forward(x, "train", layout.channel_axis, settings.steps) if settings.steps else None
    if y is None or settings.mode == "eval":
        y = module.forward(x, "eval", layout.channel_axis)
    flat = y.reshape(-1)
    if sink is not None:
        sink.write(0, flat)
    moments, extremes = numpy_backend.statistics(layout, BlockReader(lambda start, stop: flat[start:stop]))
    output = NormalizationOutput(moments.mean, moments.biased_var, extremes.minimum, extremes.maximum)
    after = replace(layer.trained_on(inputs.moments, settings.steps), running=module.running())
    used = after.normalization(settings.mode, inputs.moments)
    return NormalizationResult(settings, inputs, layer, after, used, output)


def _sample_means(layout: ChannelLayout, tensor: InputTensor) -> FloatArray:
    """Return the mean of each sample over its positions, shape (N, C); a row of NaN of an empty batch."""
    if layout.values_per_channel == 0:
        return np.full((1, layout.num_features), np.nan)
    sums = np.zeros((layout.num_samples, layout.num_features))
    sample = layout.num_features * layout.num_positions
    for block, values in read_blocks(layout, tensor.read):
        first = block.start // sample
        last = (block.stop - 1) // sample + 1
        cube = values.reshape(last - first, -1 if layout.is_channels_last else 1, *block.shape[1:])
        sums[first:last, block.channels] += cube.sum(axis=(1, 3), dtype=np.float64)
    return sums / layout.num_positions

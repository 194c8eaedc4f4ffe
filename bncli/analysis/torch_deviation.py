"""How far torch's arithmetic is from exact on one array, channel by channel, in units in the last place."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from bncli.analysis.deviation_cause import Cause, Distances, deviation_causes
from bncli.core.backends import numpy_backend
from bncli.core.backends.torch_backend import TorchBatchNorm
from bncli.core.block_transform import BlockTransform
from bncli.core.float_types import FLOAT_TYPES
from bncli.core.normalization import BatchNorm
from bncli.core.running_statistics import fresh
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bncli.analysis.normalization_run import NormalizationResult
    from bncli.analysis.tensor_statistics import TensorStatistics
    from bncli.core.channel_layout import Block
    from bncli.core.named_arrays import Array

    FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class TorchDeviation:
    """Distances of torch's results from exact ones; all arrays have shape (C,)."""

    mean_ulp: FloatArray
    """Batch mean, in units in the last place of the precision in which torch keeps statistics; NaN of a single value
    and of an empty batch, of which torch takes no statistics."""
    var_ulp: FloatArray
    """Unbiased batch variance, likewise; infinite where torch's is not finite and the exact one is."""
    output_ulp: FloatArray
    """Largest distance of an output value, in units in the last place of max(|y|, 1) in the output's element type;
    NaN of an empty batch."""
    condition: FloatArray
    """`sqrt(1 + mean^2 / var)` of the statistics used: by how much rounding is magnified."""
    causes: tuple[Cause, ...]
    """Why, for each channel."""


def torch_deviation(result: NormalizationResult) -> TorchDeviation:
    """Run torch beside a finished NumPy run, on the same input, and return how far it is from exact.

    Args:
        result: a run of the NumPy backend; its input is read once more, whole.
    """
    inputs, settings = result.inputs, result.settings
    layout, dtype = inputs.layout, inputs.tensor.dtype
    x = inputs.tensor.read(0, math.prod(layout.shape)).reshape(layout.shape)
    layer = result.after if settings.mode == "eval" else result.before
    module = TorchBatchNorm(layer, x.ndim, dtype, settings.device)
    output = module.forward(x, settings.mode, layout.channel_axis)
    mean_ulp, var_ulp = _statistics_distances(x, inputs, settings.device)
    batch, used = inputs.moments, result.used
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        condition = np.sqrt(1.0 + used.mean * used.mean / used.var)
    distances = Distances(mean_ulp, var_ulp, _output_distance(output, result), condition)
    uses_batch = settings.mode == "train" or layer.running is None
    causes = deviation_causes(distances, batch if uses_batch else None, layout, dtype, settings.device)
    return TorchDeviation(distances.mean, distances.var, distances.output, condition, causes)


def _statistics_distances(x: Array, inputs: TensorStatistics, device: str) -> tuple[FloatArray, FloatArray]:
    """Return how far torch's mean and unbiased variance of the batch are from exact; NaN of less than two values."""
    batch, dtype = inputs.moments, inputs.tensor.dtype
    if batch.count <= 1:
        none = np.full(batch.num_features, np.nan)
        return none, none
    mean, var = _torch_statistics(x, inputs.layout.channel_axis, dtype, device)
    state = "float64" if dtype == "float64" else "float32"
    return _distance(mean, batch.mean, state), _distance(var, batch.unbiased_var, state)


def _torch_statistics(x: Array, channel_axis: int, dtype: str, device: str) -> tuple[FloatArray, FloatArray]:
    """Return the mean and unbiased variance that torch computes, by a momentum of 1."""
    layer = BatchNorm(x.shape[channel_axis], momentum=1.0, running=fresh(x.shape[channel_axis]))
    module = TorchBatchNorm(layer, x.ndim, dtype, device)
    module.forward(x, "train", channel_axis)
    running = module.running()
    assert running is not None  # noqa: S101 - a layer made with running statistics has them
    return running.mean, running.var


def _output_distance(output: Array, result: NormalizationResult) -> FloatArray:
    layout, tensor = result.inputs.layout, result.inputs.tensor
    flat = output.reshape(-1)
    largest = np.full(layout.num_features, 0.0 if layout.values_per_channel else np.nan)

    def compare(block: Block, exact: Array) -> None:
        seen = flat[block.start : block.stop].astype(np.float64)
        distance = _distance(seen, exact.astype(np.float64, copy=False), tensor.dtype, smallest=1.0)
        here = distance.reshape(block.shape).max(axis=(0, 2))
        largest[block.channels] = np.maximum(largest[block.channels], here)

    numpy_backend.transform(BlockTransform(layout, result.used, "float64"), tensor.reader(), compare)
    return largest


def _distance(seen: FloatArray, exact: FloatArray, dtype: str, smallest: float = 0.0) -> FloatArray:
    """Return `|seen - exact|` in units in the last place that `max(|exact|, smallest)` has in the element type.

    Below the normal range that unit is the smallest number. 0, which has none, is given that of 1/2.
    """
    float_type = FLOAT_TYPES[dtype]
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        _, exponent = np.frexp(np.maximum(np.abs(exact), smallest))
        unit = np.ldexp(1.0, np.maximum(exponent - float_type.precision, float_type.log2_smallest))
        distance = np.abs(seen - exact) / unit
    both_same = (seen == exact) | (np.isnan(seen) & np.isnan(exact))
    return np.where(both_same, 0.0, np.where(np.isnan(distance), np.inf, distance))

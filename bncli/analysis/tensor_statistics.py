"""The statistics of each channel of one array."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.core.backends.numpy_backend import statistics
from bncli.core.channel_layout import ChannelLayout
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from bncli.analysis.input_tensor import InputTensor
    from bncli.core.backends.block_pass import Advance
    from bncli.core.moments import Moments
    from bncli.core.value_range import ValueRange


@dataclass(frozen=True, slots=True, eq=False)
class TensorStatistics:
    """Moments and range of each channel of an array."""

    tensor: InputTensor
    layout: ChannelLayout
    moments: Moments
    value_range: ValueRange


def tensor_statistics(tensor: InputTensor, channel_axis: int, advance: Advance | None = None) -> TensorStatistics:
    """Return the statistics of an array in one pass over it.

    Args:
        tensor: the array.
        channel_axis: 1, or the last axis.
        advance: told the number of elements of each block that is done.

    Raises:
        ShapeMismatch: the array has a shape that batch normalization does not take.
    """
    layout = ChannelLayout.of(tensor.shape, channel_axis, str(tensor))
    moments, value_range = statistics(layout, tensor.reader(), advance)
    return TensorStatistics(tensor, layout, moments, value_range)

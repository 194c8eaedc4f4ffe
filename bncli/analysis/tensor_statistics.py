"""The statistics of each channel of one array."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bncli.core.backends.numpy_backend import read_blocks
from bncli.core.channel_layout import ChannelLayout
from bncli.core.moments import MomentsAccumulator
from bncli.core.value_range import RangeAccumulator

if TYPE_CHECKING:
    from bncli.analysis.input_tensor import InputTensor
    from bncli.core.moments import Moments
    from bncli.core.value_range import ValueRange


@dataclass(frozen=True, slots=True, eq=False)
class TensorStatistics:
    """Moments and range of each channel of an array."""

    tensor: InputTensor
    layout: ChannelLayout
    moments: Moments
    value_range: ValueRange


def tensor_statistics(tensor: InputTensor, channel_axis: int) -> TensorStatistics:
    """Return the statistics of an array in one pass over it.

    Raises:
        ShapeMismatch: the array has a shape that batch normalization does not take.
    """
    layout = ChannelLayout.of(tensor.shape, channel_axis, str(tensor))
    moments = MomentsAccumulator(layout)
    value_range = RangeAccumulator(layout.num_features)
    for block, values in read_blocks(layout, tensor.read):
        moments.add(block, values)
        value_range.add(block, values)
    return TensorStatistics(tensor, layout, moments.result(), value_range.result())

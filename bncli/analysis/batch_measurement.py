"""The batch statistics of arrays: each array a batch, or cut into batches along its first axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bncli.core.backends.numpy_backend import moments
from bncli.core.batch_statistics import BatchStatistics
from bncli.core.channel_layout import ChannelLayout
from bncli.errors import InvalidUsage, InvalidValue, ShapeMismatch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bncli.analysis.input_tensor import InputTensor
    from bncli.core.moments import Moments
    from bncli.core.named_arrays import Array


def measure_batches(
    tensor: InputTensor,
    channel_axis: int,
    batch_size: int | None,
    advance: Callable[[int], None] = lambda _: None,
) -> BatchStatistics:
    """Return the statistics of an array's batches, read one at a time.

    Args:
        tensor: array of 2 to 5 axes, samples first.
        channel_axis: 1, or the last axis.
        batch_size: samples per batch; the last batch may be smaller. `None` takes the array as one batch.
        advance: told how many values more are read.

    Raises:
        ShapeMismatch: the array has a shape that batch normalization does not take.
        InvalidValue: the array is empty.
        InvalidUsage: a batch has a single value per channel, of which no unbiased variance can be taken.
    """
    layout = ChannelLayout.of(tensor.shape, channel_axis, str(tensor))
    if 0 in tensor.shape:
        raise InvalidValue(f"{tensor}: shape {list(tensor.shape)} holds no values")
    batches = list(_batches(tensor, layout, batch_size or layout.num_samples, advance))
    single = next((number for number, batch in enumerate(batches, start=1) if batch.count == 1), None)
    if single is not None:
        raise InvalidUsage(
            f"{tensor}: batch {single} of {len(batches)} has one value per channel, of which there is no variance",
            hint="PyTorch refuses to train on it too; choose --batch-size so that no batch is left with one",
        )
    return BatchStatistics(
        num_values=np.array([batch.count for batch in batches]),
        mean=np.stack([batch.mean for batch in batches]),
        var=np.stack([batch.unbiased_var for batch in batches]),
    )


def one_after_another(parts: Sequence[tuple[str, BatchStatistics]]) -> BatchStatistics:
    """Return the batches of several arrays in a row.

    Args:
        parts: at least one array, in words for messages, with its batches.

    Raises:
        ShapeMismatch: the arrays differ in their number of channels.
    """
    first_name, first = parts[0]
    for name, batches in parts:
        if batches.num_features != first.num_features:
            raise ShapeMismatch(
                f"{name} has {batches.num_features} channels, {first_name} has {first.num_features}",
                hint="all batches go through one layer; --channel-axis -1 takes the last axis as channels",
            )
    return BatchStatistics(
        num_values=np.concatenate([batches.num_values for _, batches in parts]),
        mean=np.concatenate([batches.mean for _, batches in parts]),
        var=np.concatenate([batches.var for _, batches in parts]),
    )


def _batches(
    tensor: InputTensor, layout: ChannelLayout, batch_size: int, advance: Callable[[int], None]
) -> Iterator[Moments]:
    sample = layout.num_features * layout.num_positions
    for first in range(0, layout.num_samples, batch_size):
        num_samples = min(batch_size, layout.num_samples - first)
        offset = first * sample

        def read(start: int, stop: int, offset: int = offset) -> Array:
            advance(stop - start)
            return tensor.read(offset + start, offset + stop)

        yield moments(ChannelLayout((num_samples, *layout.shape[1:]), layout.channel_axis), read)

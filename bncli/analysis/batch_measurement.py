"""The batch statistics of arrays: each array a batch, or cut into batches along its first axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bncli.core.backends.numpy_backend import moments
from bncli.core.batch_statistics import BatchStatistics
from bncli.core.channel_layout import ChannelLayout
from bncli.errors import InvalidValue, ShapeMismatch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

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
        ShapeMismatch: the array has a shape that batch normalization does not take, or a batch has a single value per
            channel, of which no unbiased variance can be taken.
        InvalidValue: the array is empty.
    """
    layout = ChannelLayout.of(tensor.shape, channel_axis, str(tensor))
    if 0 in tensor.shape:
        raise InvalidValue(f"{tensor}: shape {list(tensor.shape)} holds no values")
    sizes = _batch_sizes(layout.num_samples, batch_size)
    _refuse_single_values(tensor, sizes * layout.num_positions)
    mean, var = (np.empty((len(sizes), layout.num_features)) for _ in range(2))
    for row, batch in enumerate(_batches(tensor, layout, sizes.tolist(), advance)):
        mean[row], var[row] = batch.mean, batch.unbiased_var
    return BatchStatistics(sizes * layout.num_positions, mean, var)


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


def _batch_sizes(num_samples: int, batch_size: int | None) -> NDArray[np.int64]:
    """Return the number of samples of each batch; the last may be smaller."""
    size = num_samples if batch_size is None else min(batch_size, num_samples)
    return np.minimum(size, num_samples - np.arange(0, num_samples, size))


def _refuse_single_values(tensor: InputTensor, num_values: NDArray[np.int64]) -> None:
    single = np.flatnonzero(num_values == 1)
    if single.size:
        raise ShapeMismatch(
            f"{tensor}: batch {single[0] + 1} of {len(num_values)} has one value per channel, of which there is no "
            "variance",
            hint="PyTorch refuses to train on it too; choose --batch-size so that no batch is left with one",
        )


def _batches(
    tensor: InputTensor, layout: ChannelLayout, sizes: Sequence[int], advance: Callable[[int], None]
) -> Iterator[Moments]:
    offset = 0
    for num_samples in sizes:

        def read(start: int, stop: int, offset: int = offset) -> Array:
            advance(stop - start)
            return tensor.read(offset + start, offset + stop)

        yield moments(ChannelLayout((num_samples, *layout.shape[1:]), layout.channel_axis), read)
        offset += num_samples * layout.num_features * layout.num_positions

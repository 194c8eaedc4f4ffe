"""Plain sums of a batch on the CPU, sample by sample: all that is computed while the model waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bncli.core.one_pass import is_certified, share_left
from bncli.core.thread_memory import reused
from bncli.recording.tensor_moments import CACHE_ELEMENTS

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    FloatArray = NDArray[np.float64]

_UNSHIFTED_SHARE = 7 / 32
"""Least share of the sum of squares that the first sample leaves without the mean, for a channel to go unshifted: a
little over what is certified, for the other samples differ, and under that of evenly spread non-negative values."""
_FEW_VALUES = 1 << 21
"""A batch of up to so many values is widened to float64 at once: 16 MiB, which a processor's last cache holds."""


class SampleSums(NamedTuple):
    """Sums over S positions of `d = x - shift`, for N samples of C channels."""

    shift: Tensor
    """Near the mean, or 0 where that is not far from zero or not finite; float64, shape (C,)."""
    sums: Tensor
    """Sum of d of each sample, shape (N, C)."""
    totals: FloatArray
    """Sum of d, shape (C,)."""
    squares: FloatArray
    """Sum of d^2, shape (C,)."""
    num_positions: int


def sample_sums(rows: Tensor) -> tuple[SampleSums, NDArray[np.bool_]]:
    """Return the sums of a batch, and the channels in which they tell the variance to the last digits.

    Few values are taken together, each channel less its mean. Many are read piece by piece and once, and those of the
    first sample once more where it shows a mean far from zero. What is done depends on the batch alone.

    Args:
        rows: shape (N, C, S), narrower than float64, on the CPU.
    """
    import torch  # noqa: PLC0415

    num_samples, num_features, num_positions = rows.shape
    if rows.numel() <= _FEW_VALUES:
        return _centred_sums(rows), np.ones(num_features, np.bool_)
    has_channels_last = rows.stride(1) == 1  # as where there is one position
    width = num_features if has_channels_last else 1
    values = (rows.transpose(1, 2) if has_channels_last else rows).reshape(-1, num_positions, width)
    first = num_features // width
    sums = torch.empty((num_samples, num_features), dtype=torch.float64)
    squares = _add_up(values[:first], sums[:1], None)
    shift = _shift(sums[0].numpy(), squares.numpy(), num_positions)
    if shift.any():
        squares = _add_up(values, sums, shift.expand(num_samples, num_features).reshape(-1, 1, width))
    elif num_samples > 1:
        squares += _add_up(values[first:], sums[1:], None)
    totals, all_squares = sums.sum(0).numpy(), squares.numpy()
    certified = is_certified(totals, all_squares, num_samples * num_positions)
    return SampleSums(shift, sums, totals, all_squares, num_positions), certified


def _centred_sums(rows: Tensor) -> SampleSums:
    """Return the sums of a batch of few values, each channel shifted by its mean: they tell enough of every channel.

    In as few steps as there can be, for each begins slowly: since the layer before, what the steps need has left the
    caches, the program as well as the values.
    """
    import torch  # noqa: PLC0415

    num_samples, _, num_positions = rows.shape
    has_channels_last = rows.stride(1) == 1
    values, axis = (rows.transpose(1, 2), 1) if has_channels_last else (rows, 2)
    wide = torch.from_numpy(reused("wide", tuple(values.shape))).copy_(values)
    shift = (wide.sum(axis).sum(0) / (num_samples * num_positions)).float().nan_to_num_(0.0, 0.0, 0.0).double()
    wide.sub_(shift if has_channels_last else shift[:, None])
    sums = wide.sum(axis)
    squares = wide.mul_(wide).sum(axis).sum(0)
    return SampleSums(shift, sums, sums.sum(0).numpy(), squares.numpy(), num_positions)


def _add_up(values: Tensor, sums: Tensor, taken_off: Tensor | None) -> Tensor:
    """Fill in the sums of some samples and return those of the squares over all of them, shape (C,).

    The values are taken piece by piece, as many at once as the caches hold.

    Args:
        values: in the order of memory, so that a piece is one run: (N * C, S, 1), or (N, S, C) for channels last.
        sums: where the sums over S go, shape (N, C).
        taken_off: subtracted before, shape (N * C, 1, 1) or (N, 1, C).
    """
    import torch  # noqa: PLC0415

    num_rows, num_positions, width = values.shape
    size = _even_size(num_rows, CACHE_ELEMENTS // (num_positions * width))
    memory = torch.from_numpy(reused("wide", (size, num_positions, width)))
    row_sums = sums.view(-1, width)
    squares = []
    for start in range(0, num_rows, size):
        piece = slice(start, start + size)
        squared = memory[: num_rows - start]
        wide = (squared if num_positions > 1 else row_sums[piece, None]).copy_(values[piece])
        if taken_off is not None:
            wide.sub_(taken_off[piece])
        if num_positions > 1:
            torch.sum(wide, 1, out=row_sums[piece])
        torch.mul(wide, wide, out=squared)
        squares.append(torch.sum(squared, 1 if width == 1 else (0, 1)))
    return torch.cat([each.view(-1, width) for each in squares]).view(-1, sums.shape[1]).sum(0)


def _shift(sums: FloatArray, squares: FloatArray, count: int) -> Tensor:
    """Return what to take off each channel, judged by the sums of one sample: 0 where nothing has to be."""
    import torch  # noqa: PLC0415

    # Rounded, so that a constant channel becomes exactly 0. A channel that is not finite has no share either.
    is_far = share_left(sums, squares, count) < _UNSHIFTED_SHARE
    return torch.from_numpy(np.where(is_far, (sums / count).astype(np.float32), 0.0))


def _even_size(length: int, at_most: int) -> int:
    """Return the size of pieces of a length, all of one size if that does not need twice as many."""
    least = -(-length // max(1, at_most))
    num_pieces = next((number for number in range(least, 2 * least) if length % number == 0), least)
    return -(-length // num_pieces)

"""Plain sums of a batch on the CPU, sample by sample: all that is computed while the model waits."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from bncli.core.one_pass import is_certified, share_left
from bncli.core.thread_memory import reused
from bncli.recording.tensor_moments import CACHE_ELEMENTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    FloatArray = NDArray[np.float64]

_UNSHIFTED_SHARE = 7 / 32
"""Least share of the sum of squares that the first samples leave without the mean, for a channel to go unshifted: a
little over what is certified, for the other samples differ, and under that of evenly spread non-negative values."""


class SampleSums(NamedTuple):
    """Sums over S positions of `d = x - shift`, for N samples of C channels."""

    shift: Tensor
    """Near the mean where that is far from zero, else 0; float64, shape (C,)."""
    sums: Tensor
    """Sum of d of each sample, shape (N, C)."""
    totals: FloatArray
    """Sum of d, shape (C,)."""
    squares: FloatArray
    """Sum of d^2, shape (C,)."""
    num_positions: int


def sample_sums(rows: Tensor) -> tuple[SampleSums, NDArray[np.bool_]]:
    """Return the sums of a batch, and the channels in which they tell the variance to the last digits.

    The values are read once, and those of a block of channels once more where the first samples show that their mean
    is far from zero. What is done depends on the batch alone.

    Args:
        rows: shape (N, C, S), narrower than float64, on the CPU.
    """
    import torch  # noqa: PLC0415

    num_samples, num_features, num_positions = rows.shape
    channel_cuts = _cuts(num_features, CACHE_ELEMENTS // num_positions)
    width = channel_cuts[0].stop
    sample_cuts = _cuts(num_samples, CACHE_ELEMENTS // (width * num_positions))
    wide = _scratch(rows, sample_cuts[0].stop, width)
    shift = torch.zeros(num_features, dtype=torch.float64)
    sums = torch.empty((num_samples, num_features), dtype=torch.float64)
    squares = torch.empty((len(sample_cuts), num_features), dtype=torch.float64)
    for channels in channel_cuts:
        block = _Block(rows[:, channels], wide, sums[:, channels], squares[:, channels])
        block.add_up(sample_cuts[:1], None)
        shift[channels] = block.shift_after(sample_cuts[0])
        if shift[channels].any():
            block.add_up(sample_cuts, shift[channels, None])
        else:
            block.add_up(sample_cuts, None, first=1)
    totals, all_squares = sums.sum(0).numpy(), squares.sum(0).numpy()
    certified = is_certified(totals, all_squares, num_samples * num_positions)
    return SampleSums(shift, sums, totals, all_squares, num_positions), certified


class _Block(NamedTuple):
    """Some channels of a batch, and where their sums go."""

    rows: Tensor
    wide: Tensor
    """Memory for the samples of one cut."""
    sums: Tensor
    """Shape (N, C)."""
    squares: Tensor
    """Shape (cuts, C)."""

    def add_up(self, cuts: Sequence[slice], shift: Tensor | None, first: int = 0) -> None:
        """Fill in the sums of the samples in each cut from the `first` one on."""
        import torch  # noqa: PLC0415

        num_features = self.rows.shape[1]
        for number in range(first, len(cuts)):
            samples = cuts[number]
            wide = self.wide[: samples.stop - samples.start, :num_features]
            wide.copy_(self.rows[samples])
            if shift is not None:
                wide.sub_(shift)
            torch.sum(wide, 2, out=self.sums[samples])
            torch.sum(wide.mul_(wide), (0, 2), out=self.squares[number])

    def shift_after(self, samples: slice) -> Tensor:
        """Return what to take off each channel, judged by the samples of the first cut: 0 where nothing has to be."""
        import torch  # noqa: PLC0415

        totals, squares = self.sums[samples].sum(0), self.squares[0].numpy()
        count = (samples.stop - samples.start) * self.rows.shape[2]
        share = share_left(totals.numpy(), squares, count)
        # Rounded, so that a constant channel becomes exactly 0. A channel that is not finite has no share either.
        return torch.where(torch.from_numpy(share < _UNSHIFTED_SHARE), (totals / count).float().double(), 0.0)


def _cuts(length: int, at_most: int) -> list[slice]:
    """Cut a length into as few pieces as possible of about one size, none longer than `at_most` or than the first."""
    num_pieces = -(-length // max(1, at_most))
    edges = [-(-length * number // num_pieces) for number in range(num_pieces + 1)]
    return [slice(*edge) for edge in pairwise(edges)]


def _scratch(rows: Tensor, num_samples: int, num_features: int) -> Tensor:
    """Return memory for some samples in the order of the axes that `rows` has, which is the fastest to fill."""
    import torch  # noqa: PLC0415

    num_positions = rows.shape[2]
    is_channels_last = num_positions > 1 and rows.stride(1) == 1
    shape = (num_samples, num_features, num_positions)
    if is_channels_last:
        shape = (num_samples, num_positions, num_features)
    wide = torch.from_numpy(reused("wide", shape))
    return wide.transpose(1, 2) if is_channels_last else wide

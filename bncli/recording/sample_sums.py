"""Plain sums of a batch on the CPU, sample by sample: all that is computed while the model waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bncli.core.one_pass import is_certified
from bncli.core.thread_memory import reused
from bncli.recording.tensor_moments import CACHE_ELEMENTS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    FloatArray = NDArray[np.float64]

_POSITIONS_LOOKED_AT = 16
"""Most positions in the middle of a sample that tell what to shift a channel by. They adjoin: evenly spread ones would
often all lie at the border of a picture, whose values see the padding."""
_FEWEST_SAMPLES_LOOKED_AT = 4
"""Samples in which they are looked at, where there are as many; more where positions are few."""


class SampleSums(NamedTuple):
    """Sums over S positions of `d = x - shift`, for N samples of C channels."""

    shift: Tensor
    """Near the mean; not finite where a value that it was told by is not. Float32, shape (C,)."""
    sums: Tensor
    """Sum of d of each sample, shape (N, C)."""
    totals: FloatArray
    """Sum of d, shape (C,)."""
    squares: FloatArray
    """Sum of d^2, shape (C,)."""
    num_positions: int


def sample_sums(rows: Tensor) -> tuple[SampleSums, NDArray[np.bool_]]:
    """Return the sums of a batch, and the channels in which they tell the variance to the last digits.

    In as few steps as there can be, for each begins slowly: since the layer before, what the steps need has left the
    caches, the program as well as the values. What is done depends on the batch alone.

    Args:
        rows: shape (N, C, S), narrower than float64, on the CPU.
    """
    import torch  # noqa: PLC0415

    num_samples, num_features, num_positions = rows.shape
    has_channels_last = rows.stride(1) == 1  # as where there is one position
    width = num_features if has_channels_last else 1
    values = (rows.transpose(1, 2) if has_channels_last else rows).reshape(-1, num_positions, width)
    shift = _near_mean(rows)
    sums = rows.new_empty((num_samples, num_features), dtype=torch.float64)
    squares = _add_up(values, sums, shift.expand(num_samples, num_features).reshape(-1, 1, width)).numpy()
    totals = sums.sum(0).numpy()
    certified = is_certified(totals, squares, num_samples * num_positions)
    return SampleSums(shift, sums, totals, squares, num_positions), certified


def _near_mean(rows: Tensor) -> Tensor:
    """Return the mean of a few values of each channel, the value itself where all are one."""
    import torch  # noqa: PLC0415

    num_samples, _, num_positions = rows.shape
    positions = min(num_positions, _POSITIONS_LOOKED_AT)
    samples = min(num_samples, max(_FEWEST_SAMPLES_LOOKED_AT, _POSITIONS_LOOKED_AT // positions))
    first = (num_positions - positions) // 2
    few = rows[:: num_samples // samples, :, first : first + positions]
    # Rounded, so that the difference to values of about its size is exact.
    return few.mean((0, 2), dtype=torch.float64).float()


def _add_up(values: Tensor, sums: Tensor, taken_off: Tensor) -> Tensor:
    """Fill in the sums of each sample and return those of the squares over all samples, shape (C,).

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
        wide.sub_(taken_off[piece])
        if num_positions > 1:
            torch.sum(wide, 1, out=row_sums[piece])
        torch.mul(wide, wide, out=squared)
        squares.append(torch.sum(squared, 1 if width == 1 else (0, 1)))
    return torch.cat([each.view(-1, width) for each in squares]).view(-1, sums.shape[1]).sum(0)


def _even_size(length: int, at_most: int) -> int:
    """Return the size of pieces of a length, all of one size if that does not need twice as many."""
    least = -(-length // max(1, at_most))
    num_pieces = next((number for number in range(least, 2 * least) if length % number == 0), least)
    return -(-length // num_pieces)

"""The running average of many batches at once: every value, every k-th or the last, without a loop over steps."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from bncli.core.momentum import log_decay

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

_LONGEST_DECAY = 32.0
"""Blocks of the recurrence end before the decay across them passes e^-32, so that its inverse stays accurate."""
_BLOCK_ELEMENTS = 1 << 12
"""Elements of a block: they stay in the innermost cache over all passes."""
_FEWEST_ROWS = 8
"""With fewer rows to a block a cumulative sum along them is slower than a loop."""


def running_average(
    initial: FloatArray, batches: FloatArray, momentum: float | None, stride: int = 1, num_seen: int = 0
) -> FloatArray:
    """Return the running average after every `stride`-th batch.

    `r <- (1 - m) r + m x`; the cumulative average is the plain mean of all batches, `r <- r + (x - r) / T`.

    Args:
        initial: value before the first batch, shape (C,).
        batches: one batch statistic per row, shape (T, C), float64. A NaN stays in its channel from its row on.
        momentum: weight m of the new batch, from 0 to 1; `None` is the cumulative average.
        stride: steps between returned values; divides T. With T itself only the final value is computed.
        num_seen: batches that went into `initial`; only the cumulative average asks.

    Returns:
        Shape (T / stride, C). Within 1e-12 of the loop over steps, which itself drifts more for a small momentum.

    Raises:
        ValueError: `stride` does not divide T.
    """
    num_steps, num_features = batches.shape
    groups = batches.reshape(num_steps // stride, stride, num_features)
    with np.errstate(invalid="ignore", over="ignore", under="ignore"):
        if momentum is None:
            return _cumulative(initial, groups, num_seen)
        decay = log_decay(momentum)
        return _recurrence(initial, _weighted_sums(groups, momentum, decay), decay * stride)


def _weighted_sums(groups: FloatArray, momentum: float, decay: float) -> FloatArray:
    """Return what the batches of each group add to the average by the end of the group, shape (groups, C)."""
    stride = groups.shape[1]
    if stride == 1:
        return momentum * groups[:, 0]
    sums: FloatArray = momentum * _powers(decay, np.arange(stride - 1, -1, -1.0)) @ groups
    return sums


def _cumulative(initial: FloatArray, groups: FloatArray, num_seen: int) -> FloatArray:
    """Return the plain mean of `num_seen` batches with mean `initial` and of all groups up to each."""
    start = initial if num_seen else np.zeros_like(initial)
    stride = groups.shape[1]
    counts = num_seen + stride * np.arange(1.0, len(groups) + 1)[:, None]
    # Deviations from the value so far are summed: they stay small where the values do not.
    means: FloatArray = start + np.cumsum((groups - start).sum(axis=1), axis=0) / counts
    return means


def _recurrence(initial: FloatArray, increments: FloatArray, decay: float) -> FloatArray:
    """Return `r_k = exp(decay) r_(k-1) + increment_k` for every k; overwrites the increments.

    Inside a block `r_k = q^k (r_0 + sum of increment_j / q^j)` with q = exp(decay), which is one cumulative sum.
    """
    num_rows, num_features = increments.shape
    length = _block_length(num_rows, num_features, decay)
    powers = _powers(decay, np.arange(1.0, length + 1))[:, None]
    value = initial
    for start in range(0, num_rows, length):
        block = increments[start : start + length]
        power = powers[: len(block)]
        if length == 1:
            block += power * value
        else:
            block /= power
            block[0] += value
            np.cumsum(block, axis=0, out=block)
            block *= power
        value = block[-1]
    return increments


def _block_length(num_rows: int, num_features: int, decay: float) -> int:
    """Return how many rows one cumulative sum takes; 1 is the plain loop, which wins where rows are long."""
    rows = _BLOCK_ELEMENTS // max(1, num_features)
    if rows < _FEWEST_ROWS:
        return 1
    longest = _LONGEST_DECAY / -decay if decay else math.inf
    return max(1, int(min(rows, num_rows, longest)))


def _powers(decay: float, exponents: FloatArray) -> FloatArray:
    """Return `exp(decay * k)`, with 1 for k = 0 even where the decay is minus infinity."""
    is_zero = exponents == 0
    powers: FloatArray = np.exp(np.where(is_zero, 0.0, decay) * np.where(is_zero, 1.0, exponents))
    return powers

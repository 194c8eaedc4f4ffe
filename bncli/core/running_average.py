"""The running average of many batches at once: every value, or every k-th, without a loop over steps."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from bncli.core.momentum import log_decay

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

_BLOCK_ELEMENTS = 1 << 17
"""Elements of the result that are worked on at once: a megabyte, which stays in cache over all passes."""
_FEW_CHANNELS = 32
"""With fewer channels a row is too short for an inner loop, and the channels' columns are laid out one by one."""
_GROUP = 8
"""Rows that are summed at once: more sums are computed twice, fewer take more calls."""


def running_average(
    initial: FloatArray, batches: FloatArray, momentum: float | None, stride: int = 1, num_seen: float = 0
) -> FloatArray:
    """Return the running average after every `stride`-th batch.

    `r <- (1 - m) r + m x`; the cumulative average is the plain mean of all batches, `r <- r + (x - r) / T`.

    Args:
        initial: value before the first batch, shape (C,).
        batches: one batch statistic per row, shape (T, C), float64. A NaN stays in its channel from its row on.
        momentum: weight m of the new batch, from 0 to 1; `None` is the cumulative average.
        stride: steps between returned values; divides T.
        num_seen: batches that went into `initial`; only the cumulative average asks.

    Returns:
        Shape (T / stride, C). Within 1e-12 of the loop over steps, which itself drifts more for a small momentum.

    Raises:
        ValueError: `stride` does not divide T.
    """
    num_steps, num_features = batches.shape
    groups = batches.reshape(num_steps // stride, stride, num_features)
    values = np.empty((len(groups), num_features), order="F" if num_features < _FEW_CHANNELS else "C")
    num_rows = max(1, _BLOCK_ELEMENTS // max(1, num_features))
    with np.errstate(invalid="ignore", over="ignore", under="ignore"):
        value = initial
        for start in range(0, len(groups), num_rows):
            block, rows = groups[start : start + num_rows], values[start : start + num_rows]
            if momentum is None:
                _cumulative(value, block, num_seen + start * stride, out=rows)
            else:
                _exponential(value, block, momentum, out=rows)
            value = rows[-1]
    return values


def _exponential(initial: FloatArray, groups: FloatArray, momentum: float, out: FloatArray) -> None:
    """Write the average with a fixed momentum after each group of batches."""
    stride = groups.shape[1]
    decay = log_decay(momentum)
    _weighted_sums(groups, momentum * _powers(decay, np.arange(stride - 1, -1, -1.0)), out)
    out[0] += math.exp(stride * decay) * initial
    _accumulate(out, stride * decay)


def _cumulative(initial: FloatArray, groups: FloatArray, num_seen: float, out: FloatArray) -> None:
    """Write the plain mean of `num_seen` batches with mean `initial` and of all groups up to each."""
    stride = groups.shape[1]
    _weighted_sums(groups, np.ones(stride), out)
    if num_seen:
        out[0] += num_seen * initial
    _accumulate(out, 0.0)
    out *= 1 / (num_seen + stride * np.arange(1.0, len(groups) + 1))[:, None]


def _weighted_sums(groups: FloatArray, weights: FloatArray, out: FloatArray) -> None:
    """Write the weighted sum of the batches of each group, shape (groups, C)."""
    if len(weights) == 1:
        np.multiply(groups[:, 0], weights[0], out=out)
    elif groups.shape[2] == 1:
        # One product instead of one for each group.
        np.matmul(groups[:, :, 0], weights, out=out[:, 0])
    else:
        np.matmul(weights, groups, out=out)


def _accumulate(rows: FloatArray, decay: float) -> None:
    """Turn each row into the sum of all rows up to it, weighted by `exp(decay * age)`; in place.

    Sums of whole groups of rows are accumulated likewise, and then every group is filled in from the end of the one
    before: a few passes of vector operations, without the growing powers of a division by the decay.
    """
    weight = math.exp(decay)
    num_groups = len(rows) // _GROUP
    in_groups = num_groups * _GROUP if num_groups > 1 else 1
    if num_groups > 1:
        groups = rows[:in_groups].reshape(num_groups, _GROUP, -1)
        ends = groups[:, -1]
        ends[:] = _powers(decay, np.arange(_GROUP - 1, -1, -1.0)) @ groups
        _accumulate(ends, _GROUP * decay)
        _add_weighted(groups[1:, 0], ends[:-1], weight)
        for position in range(1, _GROUP - 1):
            _add_weighted(groups[:, position], groups[:, position - 1], weight)
    for row in range(in_groups, len(rows)):
        _add_weighted(rows[row], rows[row - 1], weight)


def _add_weighted(rows: FloatArray, earlier: FloatArray, weight: float) -> None:
    rows += earlier if weight == 1 else weight * earlier


def _powers(decay: float, exponents: FloatArray) -> FloatArray:
    """Return `exp(decay * k)`, with 1 for k = 0 even where the decay is minus infinity."""
    is_zero = exponents == 0
    powers: FloatArray = np.exp(np.where(is_zero, 0.0, decay) * np.where(is_zero, 1.0, exponents))
    return powers

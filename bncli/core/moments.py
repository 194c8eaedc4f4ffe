"""Mean and variance of each channel: exact to a few units in the last place, for any number of values and any split."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bncli.core.channel_layout import ChannelLayout
from bncli.core.exact_sum import column_sums, exact_product

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from bncli.core.channel_layout import Block
    from bncli.core.named_arrays import Array

    FloatArray = NDArray[np.float64]

BLOCK_ELEMENTS = 1 << 17
"""Elements converted to float64 at once: 1 MiB, so that all passes over them run in the cache."""


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Count, mean and centred sum of squares of each of C channels."""

    count: int
    """Values per channel."""
    mean: FloatArray
    """Shape (C,); NaN for a count of 0."""
    mean_error: FloatArray
    """Shape (C,): what rounding took from `mean`, so that `mean + mean_error` has about twice the digits."""
    m2: FloatArray
    """Shape (C,): sum of squared deviations from the mean."""

    @property
    def num_features(self) -> int:
        """Number of channels C."""
        return len(self.mean)

    @property
    def biased_var(self) -> FloatArray:
        """Variance with ddof 0, shape (C,): what training normalizes with."""
        return self._var(self.count)

    @property
    def unbiased_var(self) -> FloatArray:
        """Variance with ddof 1, shape (C,): what PyTorch stores; NaN for fewer than two values."""
        return self._var(self.count - 1)

    def _var(self, divisor: int) -> FloatArray:
        return self.m2 / divisor if divisor > 0 else np.full(self.num_features, np.nan)


def moments_of_batch(x: Array, channel_axis: int = 1) -> Moments:
    """Return the moments of each channel of `x` over batch and space.

    Args:
        x: floating-point array of 2 to 5 axes, such as (N, C, H, W).
        channel_axis: 1, or the last axis.

    Returns:
        Moments in float64: `mean` is off by at most 2^-48 of the mean absolute value, `m2` by at most 2^-48 of itself;
        a constant channel has an `m2` of exactly 0. A channel with NaN or infinity has NaN moments (the mean of a
        single-signed infinity is that infinity); other channels are not touched.

    Raises:
        ShapeMismatch: the shape is not one of batch normalization.

    References:
        T. F. Chan, G. H. Golub, R. J. LeVeque, "Algorithms for computing the sample variance", Am. Stat. 37, 1983:
        the corrected two-pass algorithm, here in units that are merged exactly.
    """
    layout = ChannelLayout.of(x.shape, channel_axis)
    flat = x.reshape(-1)
    gathered = MomentsAccumulator(layout)
    for block in layout.blocks(BLOCK_ELEMENTS):
        gathered.add(block, flat[block.start : block.stop])
    return gathered.result()


def merge(parts: Sequence[Moments]) -> Moments:
    """Return the moments of all values of all parts together.

    `mean = sum(n_i mean_i) / n` and `M2 = sum(M2_i) + sum(n_i (mean_i - mean)^2)`, each sum rounded once, so that
    neither order nor grouping matters.

    Args:
        parts: at least one; all with the same number of channels.

    References:
        Chan, Golub and LeVeque, 1983, equation 2.1, for many parts at once.
    """
    parts = [part for part in parts if part.count] or list(parts[:1])
    if len(parts) == 1:
        return parts[0]
    counts = np.array([part.count for part in parts], np.float64)[:, None]
    means = np.stack([part.mean for part in parts])
    errors = np.stack([part.mean_error for part in parts])
    m2 = np.stack([part.m2 for part in parts])
    count = sum(part.count for part in parts)
    mean, mean_error = _merged_mean(counts, means, errors, count)
    with np.errstate(over="ignore", invalid="ignore"):
        deviations = (means - mean) + (errors - mean_error)
        between = counts * deviations * deviations
    return Moments(count, mean, mean_error, column_sums(np.concatenate([m2, between])))


def _merged_mean(
    counts: FloatArray, means: FloatArray, errors: FloatArray, count: int
) -> tuple[FloatArray, FloatArray]:
    products, product_errors = exact_product(np.broadcast_to(counts, means.shape), means)
    with np.errstate(invalid="ignore", over="ignore"):
        terms = np.concatenate([products, product_errors, counts * errors])
        total = column_sums(terms)
        rest = column_sums(np.concatenate([terms, -total[None]]))
        mean = total / count
        back, back_error = exact_product(mean, np.full_like(mean, count))
        mean_error = (((total - back) - back_error) + rest) / count
    return mean, np.where(np.isfinite(mean_error), mean_error, 0.0)


class MomentsAccumulator:
    """Gathers the moments of an array that arrives block by block.

    The result does not depend on the block size, the order of the blocks or who computed which.
    """

    def __init__(self, layout: ChannelLayout) -> None:
        self._layout = layout
        self._parts: dict[tuple[int, int], list[Moments]] = {}

    def add(self, block: Block, values: Array) -> None:
        """Take in the values of one block, given flat in C order."""
        cube = values.reshape(block.shape)
        units = list(self._layout.units(block))
        unit_elements = min(self._layout.unit_elements, self._layout.values_per_channel)
        step = max(1, BLOCK_ELEMENTS // unit_elements)
        for first in range(0, block.shape[1], step):
            last = min(block.shape[1], first + step)
            key = (block.first_channel + first, block.first_channel + last)
            self._parts.setdefault(key, []).extend(
                _unit_moments(cube[rows, first:last, positions]) for rows, positions in units
            )

    def result(self) -> Moments:
        """Return the moments of everything taken in."""
        if not self._parts:
            nothing = np.full(self._layout.num_features, np.nan)
            return Moments(0, nothing, np.zeros_like(nothing), np.zeros_like(nothing))
        return _side_by_side(merge(self._parts[key]) for key in sorted(self._parts))


def _unit_moments(values: Array) -> Moments:
    """Return the moments of one unit, (rows, channels, positions), by the corrected two-pass formula."""
    rows, channels, positions = values.shape
    count = rows * positions
    by_channel = np.empty((channels, rows, positions))
    np.copyto(by_channel, values.transpose(1, 0, 2))
    x = by_channel.reshape(channels, count)
    with np.errstate(over="ignore", invalid="ignore"):
        # A float64 sum of narrower values with close exponents is exact, but one of float64 values is not: the first
        # value is taken off, which makes a constant channel exactly constant.
        base = x[:, 0].copy() if values.dtype == np.float64 else np.zeros(channels)
        base[~np.isfinite(base)] = 0.0
        if base.any():
            x -= base[:, None]
        centre = np.add.reduce(x, axis=1) / count
        x -= centre[:, None]
        residue = np.add.reduce(x, axis=1)
        np.multiply(x, x, out=x)
        m2 = np.add.reduce(x, axis=1) - residue * residue / count
        mean, mean_error = _sum_of_three(base, centre, residue / count)
    np.maximum(m2, 0.0, out=m2)
    return Moments(count, mean, mean_error, m2)


def _sum_of_three(a: FloatArray, b: FloatArray, c: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return `a + b + c` as a rounded value and the error of that rounding, after Knuth's two-sum."""
    first = a + b
    part = first - a
    first_error = (a - (first - part)) + (b - part)
    small = first_error + c
    total = first + small
    error = small - (total - first)
    finite = np.isfinite(total)
    # A non-finite value leaves NaN in its own residue; the plain sum still tells infinity from NaN.
    return np.where(finite, total, first), np.where(finite, error, 0.0)


def _side_by_side(parts: Iterable[Moments]) -> Moments:
    parts = list(parts)
    if len(parts) == 1:
        return parts[0]
    return Moments(
        parts[0].count,
        np.concatenate([part.mean for part in parts]),
        np.concatenate([part.mean_error for part in parts]),
        np.concatenate([part.m2 for part in parts]),
    )

"""Mean and variance of each channel: exact to a few units in the last place, for any number of values and any split."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

import numpy as np

from bncli.core.exact_sum import column_sums, exact_product
from bncli.core.moments_bytes import MeasuredPart, to_bytes, to_parts
from bncli.core.one_pass import one_pass
from bncli.core.two_pass import RowMoments
from bncli.core.unit_moments import PlainSums
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from bncli.core.channel_layout import Block, ChannelLayout
    from bncli.core.unit_moments import UnitMoments

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]


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
    """Shape (C,): sum of squared deviations from the mean, in units of `4 ** exponent`."""
    exponent: IntArray | None = None
    """Shape (C,): 0 except for float64 values of extreme magnitude; `None` is 0 everywhere."""

    @property
    def num_features(self) -> int:
        """Number of channels C."""
        return len(self.mean)

    @property
    def biased_var(self) -> FloatArray:
        """Variance with ddof 0, shape (C,): what training normalizes with; infinite where it is beyond float64."""
        return self._var(self.count)

    @property
    def unbiased_var(self) -> FloatArray:
        """Variance with ddof 1, shape (C,): what PyTorch stores; NaN for fewer than two values."""
        return self._var(self.count - 1)

    @property
    def biased_std(self) -> FloatArray:
        """Root of the variance with ddof 0, shape (C,): within float64 also where the variance is not."""
        if self.count == 0:
            return np.full(self.num_features, np.nan)
        std = np.sqrt(self.m2 / self.count)
        return std if self.exponent is None else np.ldexp(std, self.exponent)

    @property
    def is_var_beyond_float64(self) -> NDArray[np.bool_]:
        """Where the values are finite and their variance is above the largest float64, shape (C,)."""
        return np.isfinite(self.m2) & np.isinf(self.biased_var)

    def _var(self, divisor: int) -> FloatArray:
        if divisor <= 0:
            return np.full(self.num_features, np.nan)
        var = self.m2 / divisor
        if self.exponent is None:
            return var
        with np.errstate(over="ignore", under="ignore"):
            return np.ldexp(var, 2 * self.exponent)


def merge_rows(counts: IntArray, rows: RowMoments) -> Moments:
    """Return the moments of all values of K parts together.

    `mean = sum(n_i mean_i) / n` and `M2 = sum(M2_i) + sum(n_i (mean_i - mean)^2)`, each sum rounded once, so that
    neither order nor grouping matters.

    Args:
        counts: values per channel in each part, shape (K,); K is 1 or more.
        rows: moments of each part, arrays of shape (K, C).

    References:
        Chan, Golub and LeVeque, 1983, equation 2.1, for many parts at once.
    """
    count = int(counts.sum())
    exponent = rows.exponent.max(axis=0) if rows.exponent.any() else None
    if len(counts) == 1:
        return Moments(count, rows.mean[0], rows.mean_error[0], rows.m2[0], exponent)
    if exponent is None:
        return Moments(count, *_merged_in_one_unit(counts, rows, count))
    mean, mean_error, m2 = _merged_in_one_unit(counts, _in_units_of(rows, exponent), count)
    return Moments(count, np.ldexp(mean, exponent), np.ldexp(mean_error, exponent), m2, exponent)


def _in_units_of(rows: RowMoments, exponent: IntArray) -> RowMoments:
    """Return the moments with all values divided by `2 ** exponent`."""
    with np.errstate(under="ignore"):
        mean, mean_error = np.ldexp(rows.mean, -exponent), np.ldexp(rows.mean_error, -exponent)
        m2 = np.ldexp(rows.m2, 2 * (rows.exponent - exponent))
    return RowMoments(mean, mean_error, m2, np.zeros_like(rows.exponent))


def _merged_in_one_unit(counts: IntArray, rows: RowMoments, count: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return mean, mean error and M2 of parts that share one exponent."""
    weights = counts.astype(np.float64)[:, None]
    mean, mean_error = _merged_mean(weights, rows.mean, rows.mean_error, count)
    with np.errstate(over="ignore", invalid="ignore"):
        deviations = (rows.mean - mean) + (rows.mean_error - mean_error)
        between = weights * deviations * deviations
    return mean, mean_error, column_sums(np.concatenate([rows.m2, between]))


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

    The result does not depend on the block size, the order of the blocks or who computed which. Of each channel the
    mean is off by at most 2^-48 of the mean absolute value, and `m2` by at most 2^-48 of itself; a constant channel has
    an `m2` of exactly 0. A channel with NaN or infinity has NaN moments (the mean of a single-signed infinity is that
    infinity); other channels are not touched.
    """

    def __init__(self, layout: ChannelLayout) -> None:
        self._layout = layout
        self._parts: list[MeasuredPart] = []

    def add_units(self, block: Block, units: Iterable[UnitMoments]) -> None:
        """Take in the moments of the units of one block."""
        channels = block.channels
        self._parts += [
            MeasuredPart(block.start, channels.start, channels.stop, part.count, part.measured) for part in units
        ]

    def to_bytes(self) -> bytes:
        """Return everything taken in, for an accumulator in another process."""
        return to_bytes(self._parts)

    def absorb(self, content: bytes) -> None:
        """Take in what `to_bytes` gave."""
        self._parts += to_parts(content)

    def result(self) -> Moments:
        """Return the moments of everything taken in."""
        if not self._parts:
            nothing = np.full(self._layout.num_features, np.nan)
            return Moments(0, nothing, np.zeros_like(nothing), np.zeros_like(nothing))
        by_channels: dict[int, list[MeasuredPart]] = {}
        # In the order of the array, in which alone NaN of several kinds give the same one.
        for part in sorted(self._parts, key=attrgetter("position")):
            by_channels.setdefault(part.start, []).append(part)
        return _side_by_side([_together(by_channels[start]) for start in sorted(by_channels)])


def _together(parts: Sequence[MeasuredPart]) -> Moments:
    plain: dict[int, list[PlainSums]] = {}
    settled: list[tuple[int, RowMoments]] = []
    for part in parts:
        if isinstance(part.measured, PlainSums):
            plain.setdefault(part.num_values, []).append(part.measured)
        else:
            settled.append((part.num_values, part.measured))
    for count, parts_of_sums in plain.items():
        joined = PlainSums(*(np.concatenate(table) for table in zip(*parts_of_sums, strict=True)))
        settled.append((count, one_pass(*joined, count)))
    counts = np.concatenate([np.full(len(moments.mean), count) for count, moments in settled])
    tables = zip(*(moments for _, moments in settled), strict=True)
    return merge_rows(counts, RowMoments(*(np.concatenate(table) for table in tables)))


def _side_by_side(parts: Sequence[Moments]) -> Moments:
    if len(parts) == 1:
        return parts[0]
    exponents = [part.exponent for part in parts]
    exponent = None
    if any(values is not None for values in exponents):
        exponent = np.concatenate(
            [np.zeros(part.num_features, np.int64) if part.exponent is None else part.exponent for part in parts]
        )
    return Moments(
        parts[0].count,
        np.concatenate([part.mean for part in parts]),
        np.concatenate([part.mean_error for part in parts]),
        np.concatenate([part.m2 for part in parts]),
        exponent,
    )

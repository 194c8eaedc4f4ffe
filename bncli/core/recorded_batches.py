"""Batches that were measured, fed in their order and, where a run is longer, over and over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bncli.core.batch_statistics import BatchNoise, BatchStatistics, Course, Population
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from bncli.core.batch_statistics import Ddof, FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class RecordedBatches:
    """A source of measured batch statistics."""

    batches: BatchStatistics
    """At least one batch."""

    @property
    def num_features(self) -> int:
        """Number of channels C."""
        return self.batches.num_features

    @property
    def num_recorded(self) -> int:
        """Number of batches."""
        return len(self.batches)

    def population(self, ddof: Ddof) -> Population:
        """Return the mean and variance of all values of all batches together, the variance with the given ddof.

        `M2 = sum(M2_i) + sum(n_i (mean_i - mean)^2)`: the spread of the batch means belongs to it, which the mean of
        the batch variances leaves out.
        """
        counts = self.batches.num_values[:, None].astype(np.float64)
        count = counts.sum()
        first = self.batches.mean[0]
        with np.errstate(invalid="ignore", over="ignore"):
            # Taken relative to the first batch: means far from zero then keep their digits.
            mean = first + (counts * (self.batches.mean - first)).sum(axis=0) / count
            between = (counts * (self.batches.mean - mean) ** 2).sum(axis=0)
            return Population(mean, (self.batches.m2.sum(axis=0) + between) / (count - ddof))

    def between_fraction(self) -> FloatArray:
        """Return how much of the pooled variance the mean of the batch variances lacks (ddof 1), shape (C,)."""
        with np.errstate(invalid="ignore", divide="ignore"):
            fraction: FloatArray = 1 - self.batches.var.mean(axis=0) / self.population(1).var
        return fraction

    def noise(self, ddof: Ddof) -> BatchNoise:
        """Return the variances over the batches of their means and of their variances; 0 for a single batch."""
        return BatchNoise(_scatter(self.batches.mean), _scatter(self.batches.var_with(ddof)))

    def course(self, steps: NDArray[np.int64], num_steps: int) -> Course:  # noqa: ARG002 - a source's signature
        """Return a population that stays where it is: what moved it, if anything did, is not recorded."""
        return Course(np.zeros(len(steps)), np.ones(len(steps)))

    def stream(self, lengths: Iterable[int], num_steps: int, first: int = 0) -> Iterator[BatchStatistics]:  # noqa: ARG002 - likewise
        """Yield the batches in order, from the first again after the last, in blocks of the given lengths."""
        start = first
        for length in lengths:
            yield self.batches.rows(np.arange(start, start + length) % len(self.batches))
            start += length


def _scatter(statistics: FloatArray) -> FloatArray:
    if len(statistics) == 1:
        return np.zeros(statistics.shape[1])
    with np.errstate(invalid="ignore", over="ignore"):
        scatter: FloatArray = statistics.var(axis=0, ddof=1)
    return scatter

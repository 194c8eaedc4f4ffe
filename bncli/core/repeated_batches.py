"""Measured batches, each of which updates the running statistics several times."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from bncli.core.batch_statistics import BatchNoise, BatchStatistics, Course, Ddof, FloatArray, Population
    from bncli.core.recorded_batches import RecordedBatches


@dataclass(frozen=True, slots=True, eq=False)
class RepeatedBatches:
    """A source that gives batch t of another one `repeats[t]` times in a row.

    So activation checkpointing updates twice per batch. Ghost batches, K parts of a batch that are normalized each by
    itself, update K times, and the mean and the unbiased variance of a random part are on the average those of the
    whole: this is the expected course of such a run.
    """

    batches: RecordedBatches
    repeats: NDArray[np.int64]
    """Shape (T,), at least 1."""

    @property
    def num_features(self) -> int:
        """Number of channels C."""
        return self.batches.num_features

    @property
    def num_recorded(self) -> int:
        """Updates of one pass through the batches."""
        return int(self.repeats.sum())

    def population(self, ddof: Ddof) -> Population:
        """Return the population: how often a batch is used changes nothing about it."""
        return self.batches.population(ddof)

    def between_fraction(self) -> FloatArray:
        """Return the part of the variance that lies between batches."""
        return self.batches.between_fraction()

    def noise(self, ddof: Ddof) -> BatchNoise:
        """Return how far single batches scatter."""
        return self.batches.noise(ddof)

    def course(self, steps: NDArray[np.int64], num_steps: int) -> Course:
        """Return where the population stands: it stays."""
        return self.batches.course(steps, num_steps)

    def stream(
        self,
        lengths: Iterable[int],
        num_steps: int,  # noqa: ARG002 - a source's signature
        first: int = 0,
    ) -> Iterator[BatchStatistics]:
        """Yield the updates in order, from the first again after the last, in blocks of the given lengths."""
        index = np.repeat(np.arange(len(self.repeats)), self.repeats)
        start = first
        for length in lengths:
            yield self.batches.batches.rows(index[np.arange(start, start + length) % len(index)])
            start += length

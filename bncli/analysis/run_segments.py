"""What a run does to an average in closed form: the weights of its steps, summed over pieces of the run."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from bncli.core.momentum import cumulative_residue, log_decay
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bncli.core.batch_statistics import BatchSource, Course

    FloatArray = NDArray[np.float64]

_NUM_EVEN = 512
"""Pieces of equal length, which resolve what happens in the middle of a run."""
_NUM_BY_AGE = 256
"""Pieces whose length grows with their distance from the end, where weights of a large momentum fall fast."""
_NOTHING_LEFT = -1e3
"""A logarithm whose exponential is 0, and which times 0 is 0, as minus infinity is not."""


@dataclass(frozen=True, slots=True)
class AveragedCourse:
    """What an average with one momentum has made of a run by its end; in units of the reported population."""

    residue: float
    """Weight of the initial value."""
    mean_lag: float
    """Weighted mean of where the population's mean stood, less the reported one, in reported standard deviations."""
    var_lag: float
    """Weighted mean of the population's variance, less the reported one, in reported variances."""
    mean_noise: float
    """Variance of the running mean over that of a batch's mean: the sum of squared weights while nothing moves."""
    var_noise: float
    """Variance of the running variance over that of a batch's variance."""


@dataclass(frozen=True, slots=True, eq=False)
class RunSegments:
    """A run cut into pieces in which the population is taken to stand still."""

    num_steps: int
    ends: FloatArray
    """Ends of the S pieces, from 0 to `num_steps`, shape (S + 1,)."""
    course: Course
    """Where the population stands in each piece, shape (S,)."""
    num_seen: float
    """Batches that went into the initial value, as a cumulative average counts them."""

    @classmethod
    def of(cls, source: BatchSource, num_steps: int, num_seen: float = 0) -> RunSegments:
        """Return the pieces of a run over the batches of a source."""
        even = np.linspace(0, num_steps, min(num_steps, _NUM_EVEN) + 1).round()
        by_age = num_steps - np.geomspace(1, num_steps, _NUM_BY_AGE).round()
        # Not `np.union1d`, whose first call imports NumPy's masked arrays: a twentieth of a short run.
        ends = np.sort(np.concatenate([even, by_age]))
        ends = ends[np.diff(ends, prepend=-1.0) > 0]
        middles = ((ends[:-1] + ends[1:] - 1) / 2).astype(np.int64)
        return cls(num_steps, ends, source.course(middles, num_steps), num_seen)

    def averaged(self, momentum: float | None) -> AveragedCourse:
        """Return what a momentum makes of the run; the cumulative average (`None`) weighs all its batches alike."""
        residue, weights, squared_weights = self._weights(momentum)
        scale = self.course.scale
        return AveragedCourse(
            residue=residue,
            mean_lag=float(weights @ self.course.offset),
            var_lag=float(weights @ (scale - 1)),
            mean_noise=float(squared_weights @ scale),
            var_noise=float(squared_weights @ scale**2),
        )

    def _weights(self, momentum: float | None) -> tuple[float, FloatArray, FloatArray]:
        """Return the weight of the initial value, and for each piece the sums of weights and of squared weights."""
        lengths, ages = np.diff(self.ends), self.num_steps - self.ends[1:]
        if momentum is None:
            weight = 1 / (self.num_seen + self.num_steps)
            return cumulative_residue(self.num_steps, self.num_seen), lengths * weight, lengths * weight**2
        decay = max(log_decay(momentum), _NOTHING_LEFT)
        with np.errstate(under="ignore"):
            weights = np.exp(decay * ages) * -np.expm1(decay * lengths)
            squared_weights = np.exp(2 * decay * ages) * -np.expm1(2 * decay * lengths) * (momentum / (2 - momentum))
        return math.exp(decay * self.num_steps), weights, squared_weights

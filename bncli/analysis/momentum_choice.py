"""Which momentum brings the running statistics nearest to the population in a given number of steps."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bncli.core.momentum import log_decay

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bncli.core.batch_statistics import BatchSource, Course, Ddof
    from bncli.core.running_statistics import RunningStatistics

    FloatArray = NDArray[np.float64]

_MOST_SEGMENTS = 512
"""Pieces of a run in which the population is taken to stand still."""
_NUM_CANDIDATES = 60
_NUM_REFINEMENTS = 3
_SMALLEST_REACH = 1e-3
"""Smallest candidate, times the number of steps: it leaves 99.9 % of the initial value."""
_NOTHING_LEFT = -1e3
"""A logarithm whose exponential is 0, and which times 0 is 0, as minus infinity is not."""


@dataclass(frozen=True, slots=True)
class MomentumChoice:
    """The momentum with the smallest expected error."""

    momentum: float
    """Weight of the new batch."""
    expected_error: float
    """As `AveragingTask.expected_error` has it."""


@dataclass(frozen=True, slots=True, eq=False)
class AveragingTask:
    """What decides how good a momentum is: the way to go, the noise of the batches, and what the population does."""

    num_steps: int
    start_mean: FloatArray
    """Initial running mean less the population's, in population standard deviations, shape (C,)."""
    start_var: FloatArray
    """Initial running variance less the population's, in population variances, shape (C,)."""
    mean_noise: float
    """Variance of a batch's mean over the population's variance; mean over the channels."""
    var_noise: float
    """Variance of a batch's variance over the population's squared; mean over the channels."""
    ends: FloatArray
    """Ends of the segments of the run, from 0 to `num_steps`, shape (S + 1,)."""
    course: Course
    """Where the population stands in each segment, shape (S,)."""

    def expected_error(self, momentum: float | None) -> float:
        """Return the expected distance of the final running statistics from the population.

        It is the root of the mean over the channels of `E[(mean error / std)^2] + E[(var error / var)^2]`. A
        statistic's expected squared error is its squared bias, from the initial value and from steps in which the
        population stood elsewhere, plus its noise: the sum of squared weights times that of one batch. Batches are
        taken as independent, and arithmetic as exact. The cumulative average (`None`) has the weight 1 / T for all.
        """
        residue, weights, squared_weights = self._weights(momentum)
        mean_bias = residue * self.start_mean + weights @ self.course.offset
        var_bias = residue * self.start_var + weights @ (self.course.scale - 1)
        noise = squared_weights @ (self.mean_noise * self.course.scale + self.var_noise * self.course.scale**2)
        return math.sqrt(float(np.mean(mean_bias**2 + var_bias**2)) + float(noise))

    def _weights(self, momentum: float | None) -> tuple[float, FloatArray, FloatArray]:
        """Return the weight of the initial value, and for each segment the sums of weights and of squared weights."""
        lengths, ages = np.diff(self.ends), self.num_steps - self.ends[1:]
        if momentum is None:
            return 0.0, lengths / self.num_steps, lengths / self.num_steps**2
        decay = max(log_decay(momentum), _NOTHING_LEFT)
        weights = np.exp(decay * ages) * -np.expm1(decay * lengths)
        squared_weights = np.exp(2 * decay * ages) * -np.expm1(2 * decay * lengths) * (momentum / (2 - momentum))
        return math.exp(decay * self.num_steps), weights, squared_weights


def averaging_task(source: BatchSource, initial: RunningStatistics, num_steps: int, ddof: Ddof) -> AveragingTask | None:
    """Return the task of averaging a source's batches; `None` if no channel has a finite, positive variance."""
    population, noise = source.population(ddof), source.noise(ddof)
    numbers = np.stack([population.mean, population.var, noise.mean_var, noise.var_var, initial.mean, initial.var])
    usable = np.isfinite(numbers).all(axis=0) & (population.var > 0)
    if not usable.any():
        return None
    mean, var, mean_var, var_var, initial_mean, initial_var = numbers[:, usable]
    ends = np.linspace(0, num_steps, min(num_steps, _MOST_SEGMENTS) + 1).round()
    middles = ((ends[:-1] + ends[1:] - 1) / 2).astype(np.int64)
    return AveragingTask(
        num_steps=num_steps,
        start_mean=(initial_mean - mean) / np.sqrt(var),
        start_var=(initial_var - var) / var,
        mean_noise=float(np.mean(mean_var / var)),
        var_noise=float(np.mean(var_var / var**2)),
        ends=ends,
        course=source.course(middles, num_steps),
    )


def choose_momentum(task: AveragingTask) -> MomentumChoice | None:
    """Return the momentum with the smallest expected error, by search on ever finer logarithmic grids.

    Returns:
        The choice; `None` where the smallest candidate wins, which means: the initial values are best left alone.
    """
    smallest = min(_SMALLEST_REACH / task.num_steps, 0.5)
    low, high = smallest, 1.0
    for _ in range(_NUM_REFINEMENTS):
        candidates = np.geomspace(low, high, _NUM_CANDIDATES)
        errors = [task.expected_error(float(candidate)) for candidate in candidates]
        best = int(np.argmin(errors))
        low, high = candidates[max(best - 1, 0)], candidates[min(best + 1, _NUM_CANDIDATES - 1)]
        if best == 0 and candidates[0] == smallest:
            return None
    return MomentumChoice(float(candidates[best]), errors[best])

"""Which momentum brings the running statistics nearest to the population in a given number of steps."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from bncli.analysis.run_segments import RunSegments
from bncli.core.momentum import noise_factor, steps_to_residue
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bncli.core.batch_statistics import BatchSource, Ddof
    from bncli.core.running_statistics import RunningStatistics

    FloatArray = NDArray[np.float64]

NEARLY_BEST = 1.1
"""Expected errors up to this multiple of the smallest are as good in practice."""
_NUM_CANDIDATES = 30
_NUM_REFINEMENTS = 4
_NUM_HALVINGS = 16
_SMALLEST_REACH = 1e-3
"""Smallest candidate, times the number of steps: it leaves 99.9 % of the initial value."""


@dataclass(frozen=True, slots=True)
class MomentumChoice:
    """The momentum with the smallest expected error."""

    momentum: float
    """Weight of the new batch."""
    expected_error: float
    """As `AveragingTask.expected_error` has it."""
    nearly_best: tuple[float, float]
    """Smallest and largest momentum around it whose expected error is at most 1.1 times as large."""


@dataclass(frozen=True, slots=True, eq=False)
class AveragingTask:
    """What decides how good a momentum is: the way to go, the noise of the batches, and what the population does."""

    segments: RunSegments
    """What the population does."""
    start_mean: FloatArray
    """Initial running mean less the population's, in population standard deviations, shape (C,)."""
    start_var: FloatArray
    """Initial running variance less the population's, in population variances, shape (C,)."""
    mean_noise: float
    """Variance of a batch's mean over the population's variance; mean over the channels."""
    var_noise: float
    """Variance of a batch's variance over the population's squared; mean over the channels."""

    def expected_error(self, momentum: float | None) -> float:
        """Return the expected distance of the final running statistics from the population.

        It is the root of the mean over the channels of `E[(mean error / std)^2] + E[(var error / var)^2]`. A
        statistic's expected squared error is its squared bias, from the initial value and from steps in which the
        population stood elsewhere, plus its noise: the sum of squared weights times that of one batch. Batches are
        taken as independent, and arithmetic as exact. The cumulative average (`None`) has one weight for all.
        """
        averaged = self.segments.averaged(momentum)
        mean_bias = averaged.residue * self.start_mean + averaged.mean_lag
        var_bias = averaged.residue * self.start_var + averaged.var_lag
        noise = self.mean_noise * averaged.mean_noise + self.var_noise * averaged.var_noise
        return math.sqrt(float(np.mean(mean_bias**2 + var_bias**2)) + noise)

    def warm_up_steps(self, momentum: float | None) -> int | None:
        """Return the steps until what is left of the initial values is below the long-run noise of the average.

        `(1 - m)^k d <= sqrt(m / (2 - m)) s`, with the distance d to go and the noise s of one batch as root mean
        squares over the channels. 0 where the start is that near; `None`: never. The cumulative average needs 1 from
        the first batch on, and after T0 batches, `T0 d / (T0 + k) <= s / sqrt(T0 + k)`.
        """
        distance = math.sqrt(float(np.mean(self.start_mean**2 + self.start_var**2)))
        noise = math.sqrt(self.mean_noise + self.var_noise)
        if momentum is None:
            return _cumulative_warm_up(distance, noise, self.segments.num_seen)
        noise *= noise_factor(momentum)
        if distance <= noise:
            return 0
        share = noise / distance  # 0 also where the distance is beyond measure
        return steps_to_residue(momentum, share) if share else None


def _cumulative_warm_up(distance: float, noise: float, num_seen: float) -> int | None:
    if not num_seen:
        return 1
    if num_seen * distance * distance <= noise * noise:
        return 0
    share = num_seen * distance / noise if noise else math.inf
    steps = share * share - num_seen
    return max(1, math.ceil(steps)) if steps < math.inf else None


def averaging_task(source: BatchSource, initial: RunningStatistics, num_steps: int, ddof: Ddof) -> AveragingTask | None:
    """Return the task of averaging a source's batches; `None` if no channel has a finite, positive variance."""
    population, noise = source.population(ddof), source.noise(ddof)
    numbers = np.stack([population.mean, population.var, noise.mean_var, noise.var_var, initial.mean, initial.var])
    usable = np.isfinite(numbers).all(axis=0) & (population.var > 0)
    if not usable.any():
        return None
    mean, var, mean_var, var_var, initial_mean, initial_var = numbers[:, usable]
    return AveragingTask(
        segments=RunSegments.of(source, num_steps, initial.num_seen),
        start_mean=(initial_mean - mean) / np.sqrt(var),
        start_var=(initial_var - var) / var,
        mean_noise=float(np.mean(mean_var / var)),
        var_noise=float(np.mean(var_var / var**2)),
    )


def choose_momentum(task: AveragingTask) -> MomentumChoice | None:
    """Return the momentum with the smallest expected error, by search on ever finer logarithmic grids.

    Returns:
        The choice; `None` where the smallest candidate wins, which means: the initial values are best left alone.
    """
    smallest = min(_SMALLEST_REACH / task.segments.num_steps, 0.5)
    low, high = smallest, 1.0
    for _ in range(_NUM_REFINEMENTS):
        candidates = np.geomspace(low, high, _NUM_CANDIDATES)
        errors = [task.expected_error(float(candidate)) for candidate in candidates]
        best = int(np.argmin(errors))
        low, high = candidates[max(best - 1, 0)], candidates[min(best + 1, _NUM_CANDIDATES - 1)]
        if best == 0 and candidates[0] == smallest:
            return None
    momentum, error = float(candidates[best]), errors[best]
    edges = (_edge(task, momentum, end, NEARLY_BEST * error) for end in (smallest, 1.0))
    return MomentumChoice(momentum, error, (next(edges), next(edges)))


def _edge(task: AveragingTask, inside: float, outside: float, limit: float) -> float:
    """Return the momentum between two where the expected error passes a limit, or the outer one, by bisection."""
    if task.expected_error(outside) <= limit:
        return outside
    for _ in range(_NUM_HALVINGS):
        middle = math.sqrt(inside * outside)
        inside, outside = (middle, outside) if task.expected_error(middle) <= limit else (inside, middle)
    return inside

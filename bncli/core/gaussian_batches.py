"""Synthetic batches of normally distributed values, drawn as statistics: the values themselves are never made.

Mean and variance of n independent normal values are independent (Cochran 1934), the mean normal with variance
var / n, the unbiased variance var * chi2(n - 1) / (n - 1). Drawing these two numbers gives batches with exactly the law
of those that would be computed from n values, at the same cost for any n.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from bncli.core.batch_statistics import BatchNoise, BatchStatistics, Course, Population
from bncli.core.random_rows import RandomRows
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from bncli.core.batch_statistics import Ddof, FloatArray

Scenario = Literal["stationary", "drift", "shift", "class-sorted"]

SCENARIOS: Final[tuple[Scenario, ...]] = ("stationary", "drift", "shift", "class-sorted")

START_OFFSET = -2.0
"""Where a moving population starts: its mean, less the final mean, in final standard deviations."""
START_STD = 2.0
"""Where a moving population starts: its standard deviation as a multiple of the final one."""
NUM_CLASSES = 10
"""Classes of sorted data."""
WITHIN_VAR = 1 / (1 + (NUM_CLASSES**2 - 1) / 12)
"""Variance within a class as part of the whole, with class means one within-class standard deviation apart."""


@dataclass(frozen=True, slots=True, eq=False)
class GaussianBatches:
    """A source of synthetic batches of a population that is normal in every step.

    The scenarios differ in what the population does over a run of T steps (t = 0 ... T - 1); mean and std are those
    given, which are the population of the report:

    - `stationary`: nothing.
    - `drift`: it moves in even steps from (mean - 2 std, 2 std) in the first batch to (mean, std) in the last.
    - `shift`: it is (mean - 2 std, 2 std) for the first T // 2 steps and (mean, std) from then on.
    - `class-sorted`: ten classes come one after another, each for a tenth of the steps: class k in the steps with
      10 t // T = k. Class means lie one within-class standard deviation w apart, around `mean`; all classes together
      have variance std^2 = w^2 + 8.25 w^2, within plus between.
    """

    mean: FloatArray
    """Shape (C,)."""
    std: FloatArray
    """Shape (C,), at least 0."""
    batch_size: int
    """Values per channel in a batch, n, at least 2."""
    scenario: Scenario = "stationary"
    seed: int = 0

    @property
    def num_features(self) -> int:
        """Number of channels C."""
        return len(self.mean)

    @property
    def num_recorded(self) -> int:
        """0: each batch is a new one."""
        return 0

    def population(self, ddof: Ddof) -> Population:  # noqa: ARG002 - known, not estimated
        """Return the population that was given."""
        return Population(self.mean, self.std**2)

    def between_fraction(self) -> FloatArray:
        """Return the variance of the class means as part of the whole; 0 where there are no classes."""
        return np.full(self.num_features, 1 - WITHIN_VAR if self.scenario == "class-sorted" else 0.0)

    def noise(self, ddof: Ddof) -> BatchNoise:
        """Return the variances `var / n` of a batch's mean and `2 var^2 / (n - 1)` of its variance (ddof 1)."""
        var, size = self.std**2, self.batch_size
        unbiased = 2 * var**2 / (size - 1)
        return BatchNoise(var / size, unbiased if ddof else unbiased * (1 - 1 / size) ** 2)

    def course(self, steps: NDArray[np.int64], num_steps: int) -> Course:
        """Return where the population stands in the given steps, counted from 0, of a run of `num_steps`."""
        match self.scenario:
            case "stationary":
                return Course(np.zeros(len(steps)), np.ones(len(steps)))
            case "drift":
                to_go = 1 - steps / max(num_steps - 1, 1)
                return Course(START_OFFSET * to_go, (1 + (START_STD - 1) * to_go) ** 2)
            case "shift":
                before = steps < num_steps // 2
                return Course(np.where(before, START_OFFSET, 0.0), np.where(before, START_STD**2, 1.0))
            case "class-sorted":
                rank = NUM_CLASSES * steps // num_steps - (NUM_CLASSES - 1) / 2
                return Course(rank * WITHIN_VAR**0.5, np.full(len(steps), WITHIN_VAR))

    def stream(self, lengths: Iterable[int], num_steps: int, first: int = 0) -> Iterator[BatchStatistics]:
        """Yield the batches of a run in blocks of the given lengths; the same seed gives the same batches."""
        degrees = self.batch_size - 1
        draws = RandomRows(self.seed, self.num_features, degrees, first)
        start = first
        for length in lengths:
            course = self.course(np.arange(start, start + length), num_steps)
            scale = course.scale[:, None]
            normal, chi2 = draws.take(length)
            offsets = course.offset[:, None] + np.sqrt(scale / self.batch_size) * normal
            yield BatchStatistics(
                num_values=np.full(length, self.batch_size),
                mean=self.mean + self.std * offsets,
                var=self.std**2 * scale * (chi2 / degrees),
            )
            start += length

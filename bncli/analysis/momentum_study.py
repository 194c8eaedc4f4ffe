"""Running statistics beside the population, momentum by momentum: how near they come, and what keeps them away."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from bncli.analysis.momentum_choice import averaging_task, choose_momentum
from bncli.analysis.run_segments import RunSegments
from bncli.analysis.running_trajectory import trajectory
from bncli.core.closed_forms import closed_forms
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from bncli.analysis.momentum_choice import AveragingTask, MomentumChoice
    from bncli.analysis.running_trajectory import Changes, Trajectory, TrajectorySettings
    from bncli.core.batch_statistics import BatchSource, Population
    from bncli.core.closed_forms import ClosedForms

    FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class ErrorParts:
    """A running statistic's distance from the population's, as the sum of three parts of shape (C,)."""

    initial: FloatArray
    """What is left of the initial value's distance: the initial residue times it."""
    lag: FloatArray
    """What a population that stood elsewhere in earlier steps makes of it, in closed form; 0 of recorded batches."""
    noise: FloatArray
    """Everything else: the noise of the batches and rounding; of recorded batches also all that moved them."""
    expected_noise: FloatArray
    """Standard deviation of the noise in closed form, for independent batches."""

    @property
    def total(self) -> FloatArray:
        """The whole distance, shape (C,)."""
        return self.initial + self.lag + self.noise


@dataclass(frozen=True, slots=True, eq=False)
class _Statistic:
    """What is known of the running mean, or of the running variance, whatever the momentum; arrays of shape (C,)."""

    initial: FloatArray
    population: FloatArray
    unit: FloatArray
    """In which the population's lag is given."""
    batch_var: FloatArray
    """Variance of a batch's own over the batches."""

    def error_parts(self, final: NDArray[np.floating[Any]], residue: float, lag: float, noise: float) -> ErrorParts:
        """Return what makes up the distance of a final value, from the closed forms of its average."""
        with np.errstate(invalid="ignore", over="ignore"):
            # Adding 0 turns -0.0 into 0.0.
            left, lagging = residue * (self.initial - self.population) + 0.0, lag * self.unit + 0.0
            rest = final - self.population - left - lagging
            return ErrorParts(left, lagging, rest, expected_noise=np.sqrt(noise * self.batch_var))


@dataclass(frozen=True, slots=True, eq=False)
class LostUpdates:
    """What the precision of the buffers did to a statistic: an update below half a unit in the last place is lost."""

    fraction: FloatArray
    """Part of the steps that left the value as it was, shape (C,)."""
    frozen_since: tuple[int | None, ...]
    """For each channel the last step that moved the value, 0 for none; `None` where it still moves."""


@dataclass(frozen=True, slots=True, eq=False)
class MomentumRun:
    """What one momentum makes of the run; arrays of shape (C,)."""

    forms: ClosedForms
    final_mean: NDArray[np.floating[Any]]
    """Running mean after the last step, in the precision that was asked for."""
    final_var: NDArray[np.floating[Any]]
    mean_error: ErrorParts
    var_error: ErrorParts
    lost_mean_updates: LostUpdates | None
    """`None` in float64, in which none is lost."""
    lost_var_updates: LostUpdates | None
    expected_error: float | None
    """As `AveragingTask.expected_error` has it; `None` where no channel has a finite, positive variance."""
    warm_up_steps: int | None
    """As `AveragingTask.warm_up_steps` has it."""


@dataclass(frozen=True, slots=True, eq=False)
class MomentumStudy:
    """A run of training steps, averaged with several momenta."""

    settings: TrajectorySettings
    population: Population
    between_fraction: FloatArray
    """Part of the population's variance that lies between batches, where no running variance sees it, shape (C,)."""
    runs: tuple[MomentumRun, ...]
    """In the order of `settings.momenta`."""
    trajectory: Trajectory
    choice: MomentumChoice | None
    """The best momentum for this number of steps; `None` where the initial values are best left alone, or where no
    channel has a finite, positive variance."""

    @property
    def num_features(self) -> int:
        """Number of channels C."""
        return len(self.population.mean)


def study_momenta(
    source: BatchSource, settings: TrajectorySettings, advance: Callable[[int], None] = lambda _: None
) -> MomentumStudy:
    """Return how the running statistics of a run follow the batches of a source, for each momentum.

    Args:
        source: the batches.
        settings: the run.
        advance: told how many steps more are done.
    """
    path = trajectory(source, settings, advance)
    task = averaging_task(source, settings.initial, settings.num_steps, settings.ddof)
    return MomentumStudy(
        settings=settings,
        population=source.population(settings.ddof),
        between_fraction=source.between_fraction(),
        runs=tuple(_runs(source, settings, path, task)),
        trajectory=path,
        choice=None if task is None else choose_momentum(task),
    )


def _runs(
    source: BatchSource, settings: TrajectorySettings, path: Trajectory, task: AveragingTask | None
) -> Iterator[MomentumRun]:
    """Yield what each momentum makes of the run: as simulated, beside the closed forms."""
    initial, population, noise = settings.initial, source.population(settings.ddof), source.noise(settings.ddof)
    with np.errstate(invalid="ignore"):
        mean = _Statistic(initial.mean, population.mean, np.sqrt(population.var), noise.mean_var)
    var = _Statistic(initial.var, population.var, population.var, noise.var_var)
    segments = RunSegments.of(source, settings.num_steps, initial.num_seen)
    for index, momentum in enumerate(settings.momenta):
        forms = closed_forms(momentum, settings.num_steps, initial.num_seen)
        averaged = segments.averaged(momentum)
        final_mean, final_var = path.values[-1, index]
        yield MomentumRun(
            forms=forms,
            final_mean=final_mean,
            final_var=final_var,
            mean_error=mean.error_parts(final_mean, averaged.residue, averaged.mean_lag, averaged.mean_noise),
            var_error=var.error_parts(final_var, averaged.residue, averaged.var_lag, averaged.var_noise),
            lost_mean_updates=_lost_updates(path.changes, (index, 0), forms, settings.num_steps),
            lost_var_updates=_lost_updates(path.changes, (index, 1), forms, settings.num_steps),
            expected_error=None if task is None else task.expected_error(momentum),
            warm_up_steps=None if task is None else task.warm_up_steps(momentum),
        )


def _lost_updates(
    changes: Changes | None, position: tuple[int, int], forms: ClosedForms, num_steps: int
) -> LostUpdates | None:
    """Return how many updates were lost, and which values are frozen.

    A value is frozen if it stood still at the end for as many steps as it averages over, or for half of a shorter run.
    """
    if changes is None:
        return None
    last_steps = changes.last_steps[position]
    patience = min(forms.effective_batches, math.ceil(num_steps / 2))
    is_frozen = num_steps - last_steps >= patience
    frozen_since = tuple(
        step if frozen else None for step, frozen in zip(last_steps.tolist(), is_frozen.tolist(), strict=True)
    )
    return LostUpdates(1 - changes.counts[position] / num_steps, frozen_since)

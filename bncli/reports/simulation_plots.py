"""The plots of `simulate-momentum`: the way of one channel's running statistics, one curve for each momentum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bncli.reports.document import Line, Plot
from bncli.reports.simulation_tables import momentum_label

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from bncli.analysis.momentum_study import MomentumStudy

MOST_POINTS = 512
"""Points of a curve; more would fall into the same characters."""


def trajectory_plots(study: MomentumStudy) -> Iterator[Plot]:
    """Yield the way of the mean and of the variance, in the channel that has the longest way to go."""
    channel = _farthest_channel(study)
    where = f", channel {channel}" if study.num_features > 1 else ""
    initial, population = study.settings.initial, study.population
    values = (
        (study.trajectory.mean, initial.mean, population.mean),
        (study.trajectory.var, initial.var, population.var),
    )
    for name, (path, start, aim) in zip(("running mean", "running variance"), values, strict=True):
        yield _plot(study, f"{name}{where}", path[:, :, channel], float(start[channel]), float(aim[channel]))


def _plot(study: MomentumStudy, title: str, path: NDArray[np.floating[Any]], start: float, aim: float) -> Plot:
    steps = study.trajectory.steps
    kept = np.linspace(0, len(steps) - 1, min(len(steps), MOST_POINTS)).round().astype(np.int64)
    return Plot(
        title=title,
        x_label="step",
        x=(0.0, *steps[kept].astype(float).tolist()),
        lines=tuple(
            Line(f"momentum {momentum_label(run.forms.momentum)}", (start, *path[kept, index].astype(float).tolist()))
            for index, run in enumerate(study.runs)
        ),
        reference=aim if np.isfinite(aim) else None,
        reference_label="population",
    )


def _farthest_channel(study: MomentumStudy) -> int:
    """Return the channel whose initial mean is farthest from the population's, in population standard deviations."""
    std = np.sqrt(np.where(study.population.var > 0, study.population.var, np.nan))
    distance = np.nan_to_num(np.abs(study.settings.initial.mean - study.population.mean) / std, posinf=0.0)
    return int(np.argmax(distance))

"""Finished simulations, small by default, of which a test changes one thing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bncli.analysis.momentum_study import MomentumStudy, study_momenta
from bncli.analysis.running_trajectory import TrajectorySettings
from bncli.core.gaussian_batches import GaussianBatches
from bncli.core.running_statistics import fresh
from bncli.reports.reported_simulation import BatchOrigin, SimulationReport

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bncli.core.batch_statistics import BatchSource


def study(
    *momenta: float | None, source: BatchSource | None = None, num_steps: int = 100, **changed: Any
) -> MomentumStudy:
    """Return a study of two channels, with momenta 0.1 and none."""
    source = source or synthetic()
    settings = TrajectorySettings(momenta or (0.1, None), num_steps, fresh(source.num_features), **changed)
    return study_momenta(source, settings)


def synthetic(
    mean: Sequence[float] = (3.0, -1.0), std: Sequence[float] = (2.0, 0.5), **changed: Any
) -> GaussianBatches:
    """Return synthetic batches of 16 values."""
    return GaussianBatches(np.array(mean), np.array(std), **({"batch_size": 16} | changed))


def report(finished: MomentumStudy | None = None, **changed: Any) -> SimulationReport:
    """Return the report of a study."""
    fields: dict[str, Any] = {"origin": BatchOrigin("synthetic", "drawn by a test", {"seed": 0})}
    return SimulationReport(finished or study(), **(fields | changed))

"""What the report of `simulate-momentum` is made from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bncli.analysis.momentum_study import MomentumStudy
    from bncli.core.running_statistics import RunningStatistics


@dataclass(frozen=True, slots=True)
class BatchOrigin:
    """Where the batches of a simulation come from."""

    kind: Literal["files", "checkpoint", "synthetic", "recording"]
    text: str
    """In words."""
    details: Mapping[str, Any]
    """For programs: what identifies the batches, such as paths or a seed."""
    num_batches: int | None = None
    """After how many batches the first one comes again; `None` where each is a new one."""
    initial: RunningStatistics | None = None
    """Running statistics that the batches found when they were recorded; `None` where none are known."""
    momentum: float | None = None
    """Momentum of the recorded layer."""


@dataclass(frozen=True, slots=True, eq=False)
class SimulationReport:
    """A finished study together with where its batches came from and how much of it is to be shown."""

    study: MomentumStudy
    origin: BatchOrigin
    shows_trajectory: bool = False
    """Whether the record holds the trajectory."""

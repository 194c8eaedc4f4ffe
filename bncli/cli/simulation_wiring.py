"""Runs `simulate-momentum`: from its options to a finished report."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, get_args

import numpy as np

from bncli.analysis.momentum_study import study_momenta
from bncli.analysis.naming_schemes import ddof_of_framework
from bncli.analysis.running_trajectory import AverageDtype, TrajectorySettings
from bncli.cli.momentum_option import momentum_of_option, number_of_option
from bncli.cli.progress import StepProgress
from bncli.core.complement import complement
from bncli.core.running_statistics import RunningStatistics, fresh
from bncli.errors import InvalidUsage, InvalidValue, require_choice
from bncli.light_dataclass import dataclass
from bncli.reports.reported_simulation import SimulationReport

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bncli.analysis.running_trajectory import KeptSteps
    from bncli.cli.batch_options import BatchOptions
    from bncli.core.batch_statistics import BatchSource
    from bncli.reports.reported_simulation import BatchOrigin

DEFAULT_MOMENTUM = {"torch": "0.1", "keras": "0.99"}
"""By convention, which is a framework: the text of its default, a decay for Keras."""
DEFAULT_STEPS = 1000
"""Of batches that never repeat; files are gone through once."""
MOST_STEPS = 1 << 53
"""Steps are told apart by their numbers as doubles, and ten classes of them in 64 bits."""
DTYPES: dict[str, AverageDtype] = {name: name for name in get_args(AverageDtype)}


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What the options say about the run."""

    momenta: Sequence[str] | None
    """As given: in the Keras convention these are decays."""
    steps: int | None
    init_mean: float | None
    """`None` starts where the recording did, else at 0."""
    init_var: float | None
    """`None` starts where the recording did, else at 1."""
    convention: str
    dtype: str
    kept_steps: KeptSteps

    def __post_init__(self) -> None:
        """Refuse values that no layer has."""
        require_choice(self.convention, DEFAULT_MOMENTUM, "convention")
        require_choice(self.dtype, DTYPES, "dtype")
        if self.convention == "keras" and self.dtype != "float64":
            raise InvalidUsage(
                f"--dtype {self.dtype} reproduces PyTorch's rounding, which is not that of Keras",
                hint="leave out --dtype, or --convention",
            )
        if self.steps is not None and self.steps > MOST_STEPS:
            raise InvalidUsage(f"--steps: at most {MOST_STEPS:,} are simulated")
        if self.init_mean is not None and not math.isfinite(self.init_mean):
            raise InvalidUsage(f"--init-mean is {self.init_mean:g}: give a finite number")
        if self.init_var is not None and not 0 <= self.init_var < math.inf:
            raise InvalidUsage(f"--init-var is {self.init_var:g}: give a finite number that is not negative")


def simulate(batches: BatchOptions, options: RunOptions) -> SimulationReport:
    """Return the report of the run that the options describe.

    Raises:
        BncliError: a momentum is not a number from 0 to 1, or a file cannot be used.
    """
    momenta = _momenta(options)
    source, origin = _source(batches)
    if not options.momenta and origin.kind == "recording" and options.convention == "torch":
        momenta = (_recorded_momentum(origin),)
    settings = TrajectorySettings(
        momenta=momenta,
        num_steps=options.steps or origin.num_batches or DEFAULT_STEPS,
        initial=_initial(options, origin, source.num_features),
        ddof=ddof_of_framework(options.convention),
        dtype=DTYPES[options.dtype],
        kept_steps=options.kept_steps,
    )
    with StepProgress("simulating", settings.num_steps) as progress:
        study = study_momenta(source, settings, progress.advance)
    return SimulationReport(study, origin, shows_trajectory=options.kept_steps == "all")


def _recorded_momentum(origin: BatchOrigin) -> float | None:
    """Return the momentum that the layer had, which a model may set to anything.

    Raises:
        InvalidValue: it is no weight.
    """
    momentum = origin.momentum
    if momentum is not None and not 0 <= momentum <= 1:
        raise InvalidValue(
            f"{origin.details['path']}: layer {origin.details['layer']} has a momentum of {momentum:g}, "
            "which does not lie between 0 and 1",
            hint="give --momentum",
        )
    return momentum


def _initial(options: RunOptions, origin: BatchOrigin, num_features: int) -> RunningStatistics:
    """Return where the run starts: as asked for, else as recorded, else as a new layer.

    Where nothing of the recorded start is left, its counter is not either.
    """
    mean, var = options.init_mean, options.init_var
    found = origin.initial if origin.initial is not None and (mean is None or var is None) else fresh(num_features)
    return RunningStatistics(
        found.mean if mean is None else np.full(num_features, mean),
        found.var if var is None else np.full(num_features, var),
        found.num_batches_tracked,
    )


def _source(options: BatchOptions) -> tuple[BatchSource, BatchOrigin]:
    if options.paths:
        from bncli.cli.recorded_batches import names_a_recording, replayed_batches

        if names_a_recording(options):
            return replayed_batches(options)
        options.refuse_recording_options()
        from bncli.cli.measured_batches import measured_batches

        return measured_batches(options)
    from bncli.cli.synthetic_batches import synthetic_batches

    options.refuse_recording_options()
    return synthetic_batches(options)


def _momenta(options: RunOptions) -> tuple[float | None, ...]:
    """Return the weights of the new batch in the order given, each once."""
    texts = options.momenta or [DEFAULT_MOMENTUM[options.convention]]
    parse = momentum_of_option if options.convention == "torch" else _from_decay
    return tuple(dict.fromkeys(parse(text) for text in texts))


def _from_decay(text: str) -> float:
    decay = number_of_option(text)
    if decay is None:
        raise InvalidUsage("--momentum none is PyTorch's cumulative average, which Keras does not have")
    if not 0 <= decay <= 1:
        raise InvalidUsage(f"decay is {decay:g}: it must lie between 0 and 1")
    return complement(decay)

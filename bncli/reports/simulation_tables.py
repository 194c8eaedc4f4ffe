"""The tables of `simulate-momentum`: where the running statistics end, and the closed forms of each momentum."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from bncli.reports.document import Column, Table
from bncli.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from bncli.analysis.momentum_study import ErrorParts, MomentumRun, MomentumStudy
    from bncli.reports.document import Row

MOST_CHANNELS = 16
"""Up to so many channels each has a row; of more, the table tells the typical and the worst."""

_MOMENTUM = Column("momentum", "momentum", "text", "weight of the new batch; cumulative is 1 / T in step T")

_CHANNEL_COLUMNS = (
    _MOMENTUM,
    Column("channel", "channel", "integer", "index of the channel, from 0"),
    Column("final_mean", "running mean", "number", "running mean after the last step"),
    Column("population_mean", "population", "number", "mean of the population", priority=1),
    Column("mean_error", "off by", "number", "(running mean - population mean) / population std", "std", priority=2),
    Column("mean_error_initial", "of start", "number", "part of it that is left of the start", "std", priority=4),
    Column("final_var", "running var", "number", "running variance after the last step"),
    Column("population_var", "population", "number", "variance of the population", priority=1),
    Column("var_error", "off by", "number", "running variance / population variance - 1", "rel.", priority=2),
    Column("var_error_initial", "of start", "number", "part of it that is left of the start", "rel.", priority=4),
)

_SUMMARY_COLUMNS = (
    _MOMENTUM,
    Column("mean_rms", "mean off by", "number", "root mean square over channels, in population std", "std"),
    Column("mean_worst", "worst", "number", "largest error of a running mean, in population std", "std"),
    Column("mean_worst_channel", "in channel", "integer", "where it is", priority=1),
    Column("var_rms", "var off by", "number", "root mean square over channels, relative to population", "rel."),
    Column("var_worst", "worst", "number", "largest error of a running variance, likewise", "rel."),
    Column("var_worst_channel", "in channel", "integer", "where it is", priority=1),
)

_PART_COLUMNS = (
    _MOMENTUM,
    Column("statistic", "of", "text", "the running mean, in population std, or the running variance, relative"),
    Column(
        "error",
        "off by",
        "number",
        "distance from the population as simulated; rms of several channels",
    ),
    Column("expected_error", "expected", "number", "the same in closed form", priority=2),
    Column("initial", "start", "number", "part that is left of the initial value, in closed form"),
    Column("lag", "lag", "number", "part that a population that stood elsewhere makes, in closed form"),
    Column("noise", "noise", "number", "part that remains: noise of the batches, as simulated"),
    Column("expected_noise", "expected", "number", "standard deviation of the noise in closed form", priority=1),
)

_CLOSED_FORM_COLUMNS = (
    _MOMENTUM,
    Column("decay", "decay", "number", "1 - momentum: what Keras, Flax and ONNX call momentum", priority=1),
    Column("effective_batches", "batches averaged", "number", "(2 - m) / m: batches whose plain mean is as noisy"),
    Column("initial_residue", "initial left", "number", "(1 - m)^T: weight of the initial value after all steps"),
    Column("steps_to_1_percent", "steps to 1 %", "integer", "until the initial value weighs 1 %", priority=1),
    Column("warm_up_steps", "warm-up", "integer", "until what is left of the start is below the noise", priority=1),
    Column("half_life", "half-life", "number", "until an old value's weight is halved", "steps", priority=2),
    Column("mean_age", "mean age", "number", "(1 - m) / m: of what is averaged", "steps", priority=4),
    Column("noise_factor", "noise", "number", "sqrt(m / (2 - m)): std over that of a batch's statistic", priority=3),
    Column("doubled", "updated twice", "number", "momentum that two updates per step amount to", priority=5),
    Column("halved", "undone by", "number", "momentum of which two updates per step amount to this one", priority=5),
    Column("expected_error", "expected off by", "number", "root of mean squared errors, arithmetic exact", priority=3),
)


def momentum_label(momentum: float | None) -> str:
    """Return a momentum as it stands in tables and legends."""
    return "cumulative" if momentum is None else f"{momentum:.6g}"


def final_table(study: MomentumStudy) -> Table:
    """Return the final running statistics beside the population's: by channel, or in summary for many channels."""
    if study.num_features <= MOST_CHANNELS:
        rows = tuple(row for run in study.runs for row in _channel_rows(study, run))
        return Table(_CHANNEL_COLUMNS, rows, title=f"after {count(study.settings.num_steps, 'step')}")
    return Table(
        _SUMMARY_COLUMNS,
        tuple(_summary_row(study, run) for run in study.runs),
        title=f"after {count(study.settings.num_steps, 'step')}",
        footer=f"{study.num_features:,} channels in summary; --format json has each of them",
    )


def _channel_rows(study: MomentumStudy, run: MomentumRun) -> Iterator[Row]:
    label, population = momentum_label(run.forms.momentum), study.population
    std, var = _scales(study)
    columns = (
        run.final_mean,
        population.mean,
        run.mean_error.total / std,
        run.mean_error.initial / std,
        run.final_var,
        population.var,
        run.var_error.total / var,
        run.var_error.initial / var,
    )
    for channel, values in enumerate(np.stack(columns, axis=1).tolist()):
        yield (label, channel, *values)


def _summary_row(study: MomentumStudy, run: MomentumRun) -> Row:
    std, var = _scales(study)
    errors = (run.mean_error.total / std, run.var_error.total / var)
    return (momentum_label(run.forms.momentum), *_typical_and_worst(errors[0]), *_typical_and_worst(errors[1]))


def _typical_and_worst(errors: NDArray[np.float64]) -> tuple[float, float, int | None]:
    """Return the root mean square and the largest of the finite errors, and where that is."""
    finite = np.flatnonzero(np.isfinite(errors))
    if not finite.size:
        return math.nan, math.nan, None
    worst = int(finite[np.argmax(np.abs(errors[finite]))])
    return float(np.sqrt(np.mean(errors[finite] ** 2))), float(errors[worst]), worst


def _scales(study: MomentumStudy) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the units of the errors, population std and variance; NaN where a population has no spread."""
    var = np.where(study.population.var > 0, study.population.var, np.nan)
    return np.sqrt(var), var


def part_table(study: MomentumStudy) -> Table:
    """Return what keeps the running statistics from the population: the three parts of each error."""
    std, var = _scales(study)
    rows: list[Row] = []
    for run in study.runs:
        for statistic, parts, scale in (("mean", run.mean_error, std), ("var", run.var_error, var)):
            rows.append((momentum_label(run.forms.momentum), statistic, *_part_sizes(parts, scale)))
    return Table(_PART_COLUMNS, tuple(rows), title="what keeps them from the population")


def _part_sizes(parts: ErrorParts, scale: NDArray[np.float64]) -> tuple[float, ...]:
    """Return the parts in the order of the columns: of a single channel signed, else root mean squares."""
    expected = np.hypot(parts.initial + parts.lag, parts.expected_noise)
    sizes = (parts.total, expected, parts.initial, parts.lag, parts.noise, parts.expected_noise)
    if len(scale) == 1:
        return tuple(float((size / scale)[0]) for size in sizes)
    return tuple(_typical_and_worst(size / scale)[0] for size in sizes)


def closed_form_table(study: MomentumStudy) -> Table:
    """Return what follows from each momentum and the number of steps alone."""
    rows = tuple(
        (
            momentum_label(run.forms.momentum),
            run.forms.decay,
            run.forms.effective_batches,
            run.forms.initial_residue,
            run.forms.steps_to_1_percent,
            run.warm_up_steps,
            run.forms.half_life,
            run.forms.mean_age,
            run.forms.noise_factor,
            run.forms.doubled,
            run.forms.halved,
            run.expected_error,
        )
        for run in study.runs
    )
    return Table(_CLOSED_FORM_COLUMNS, rows, title="closed forms")

"""All that a momentum amounts to in a run of some steps, as one value."""

from __future__ import annotations

import math

from bncli.core.complement import complement
from bncli.core.momentum import (
    cumulative_residue,
    doubled,
    effective_batches,
    half_life,
    halved,
    noise_factor,
    residue,
    steps_to_residue,
)
from bncli.light_dataclass import dataclass

ONE_PERCENT = 0.01
"""The residue that `ClosedForms.steps_to_1_percent` waits for."""


@dataclass(frozen=True, slots=True)
class ClosedForms:
    """What follows from a momentum and a number of steps alone, whatever the batches hold."""

    momentum: float | None
    """Weight of the new batch; `None` is the cumulative average, whose weight is 1 / T for its T-th batch."""
    decay: float | None
    """Weight of the old value, 1 - momentum: the `momentum` of Keras, Flax and ONNX; `None` for the cumulative one."""
    effective_batches: float
    """Number of batches whose plain mean would be as noisy, in the long run; infinite at momentum 0."""
    initial_residue: float
    """Weight that the initial value still has after all steps."""
    half_life: float | None
    """Steps that halve the weight of what was known; infinite at 0, `None` for the cumulative average: it has none."""
    mean_age: float
    """Mean age of what the average holds, in steps, in the long run; infinite at momentum 0."""
    noise_factor: float
    """Standard deviation of the average over that of one batch's statistic, in the long run."""
    steps_to_1_percent: int | None
    """Steps after which the initial value weighs at most 1 %; `None`: never."""
    doubled: float | None
    """Momentum that two updates per step amount to, as under activation checkpointing; `None` for the cumulative."""
    halved: float | None
    """Momentum of which two updates per step amount to this one; `None` for the cumulative average."""


def closed_forms(momentum: float | None, num_steps: int, num_seen: float = 0) -> ClosedForms:
    """Return the closed forms of a momentum from 0 to 1, or of the cumulative average (`None`), after `num_steps`.

    Args:
        momentum: weight of the new batch.
        num_steps: steps of the run.
        num_seen: batches that went into the initial value; only the cumulative average asks, which weighs them like
            those of the run.
    """
    if momentum is None:
        num_averaged = num_seen + num_steps
        return ClosedForms(
            momentum=None,
            decay=None,
            effective_batches=float(num_averaged),
            initial_residue=cumulative_residue(num_steps, num_seen),
            half_life=None,
            mean_age=max(num_averaged - 1, 0) / 2,
            noise_factor=1 / math.sqrt(max(num_averaged, 1)),
            steps_to_1_percent=max(1, math.ceil(num_seen * (1 / ONE_PERCENT - 1))),
            doubled=None,
            halved=None,
        )
    return ClosedForms(
        momentum=momentum,
        decay=complement(momentum),
        effective_batches=effective_batches(momentum),
        initial_residue=residue(momentum, num_steps),
        half_life=half_life(momentum),
        mean_age=(1 - momentum) / momentum if momentum else math.inf,
        noise_factor=noise_factor(momentum),
        steps_to_1_percent=steps_to_residue(momentum, ONE_PERCENT),
        doubled=doubled(momentum),
        halved=halved(momentum),
    )

"""What a momentum amounts to: closed forms of the running average `r <- (1 - m) r + m x`.

A momentum m is the weight of the new batch, from 0 (nothing moves) to 1 (only the last batch counts). Powers of 1 - m
are taken through `log1p` and `expm1`, because 1 - m itself loses the digits of a small m.
"""

from __future__ import annotations

import math
from decimal import Decimal

from bncli.light_dataclass import dataclass

ONE_PERCENT = 0.01
"""The residue that `ClosedForms.steps_to_1_percent` waits for."""

_ROUNDING = 1e-12
"""Relative error of a quotient of two logarithms, generously: a whole number of steps must not become the next one."""


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


def complement(weight: float) -> float:
    """Return `1 - weight` as decimals have it: turns a decay into a momentum and back, 0.99 into 0.01 exactly.

    >>> complement(0.99)
    0.01
    """
    return float(1 - Decimal(repr(weight)))


def log_decay(momentum: float) -> float:
    """Return `ln(1 - m)`, minus infinity at momentum 1."""
    return math.log1p(-momentum) if momentum < 1 else -math.inf


def residue(momentum: float, num_steps: float) -> float:
    """Return `(1 - m)^k`, the weight that a value still has after k steps; 1 after none, also at momentum 1."""
    return math.exp(num_steps * log_decay(momentum)) if num_steps else 1.0


def cumulative_residue(num_steps: float, num_seen: float) -> float:
    """Return `T0 / (T0 + k)`, the weight that a mean of T0 batches still has after k more; 1 after none."""
    return num_seen / (num_seen + num_steps) if num_steps else 1.0


def effective_batches(momentum: float) -> float:
    """Return `(2 - m) / m`, the number of batches whose plain mean is as noisy; infinite at momentum 0."""
    return 2 / momentum - 1 if momentum else math.inf


def half_life(momentum: float) -> float:
    """Return `ln 2 / -ln(1 - m)`, the steps that halve an old value's weight; infinite at momentum 0, 0 at 1."""
    return math.log(2) / -log_decay(momentum) if momentum else math.inf


def noise_factor(momentum: float) -> float:
    """Return `sqrt(m / (2 - m))`: the average's standard deviation over that of one batch's statistic."""
    return math.sqrt(momentum / (2 - momentum))


def steps_to_residue(momentum: float, fraction: float) -> int | None:
    """Return the smallest k >= 1 with `(1 - m)^k <= fraction`, for a fraction below 1; `None` at momentum 0."""
    steps = math.log(fraction) / log_decay(momentum) if momentum else math.inf
    return max(1, math.ceil(steps * (1 - _ROUNDING))) if steps < math.inf else None


def doubled(momentum: float) -> float:
    """Return `1 - (1 - m)^2 = m (2 - m)`: what two updates with the same batch amount to."""
    return -math.expm1(2 * log_decay(momentum))


def halved(momentum: float) -> float:
    """Return `1 - sqrt(1 - m)`, the inverse of `doubled`."""
    return -math.expm1(log_decay(momentum) / 2)

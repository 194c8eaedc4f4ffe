"""What a momentum amounts to: closed forms of the running average `r <- (1 - m) r + m x`.

A momentum m is the weight of the new batch, from 0 (nothing moves) to 1 (only the last batch counts). Powers of 1 - m
are taken through `log1p` and `expm1`, because 1 - m itself loses the digits of a small m.
"""

from __future__ import annotations

import math

_ROUNDING = 1e-12
"""Relative error of a quotient of two logarithms, generously: a whole number of steps must not become the next one."""


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

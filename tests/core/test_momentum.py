from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bncli.core.momentum import (
    doubled,
    effective_batches,
    half_life,
    halved,
    noise_factor,
    residue,
    steps_to_residue,
)

PUBLISHED = [
    # momentum, equal-variance window, half-life, steps to 1 %, to 0.1 %, to 1e-6, squared noise factor
    (0.5, 3, 1, 7, 10, 20, 0.333),
    (0.1, 19, 6.58, 44, 66, 132, 0.0526),
    (0.03, 65.7, 22.8, 152, 227, 454, 0.0152),
    (0.01, 199, 69.0, 459, 688, 1375, 0.00503),
    (0.001, 1999, 693, 4603, 6905, 13809, 0.0005),
    (1e-4, 19999, 6931, 46050, 69075, 138149, 5e-5),
]


@pytest.mark.parametrize(("momentum", "window", "half", "to_1", "to_01", "to_ppm", "noise"), PUBLISHED)
def test_closed_forms_agree_with_the_known_table(
    momentum: float, window: float, half: float, to_1: int, to_01: int, to_ppm: int, noise: float
) -> None:
    assert effective_batches(momentum) == pytest.approx(window, rel=1e-3)
    assert half_life(momentum) == pytest.approx(half, rel=2e-3)
    assert [steps_to_residue(momentum, fraction) for fraction in (1e-2, 1e-3, 1e-6)] == [to_1, to_01, to_ppm]
    assert noise_factor(momentum) ** 2 == pytest.approx(noise, rel=5e-3)


@pytest.mark.parametrize("momentum", [0.5, 0.3, 0.1, 0.01, 0.001])
def test_steps_to_residue_is_the_first_step_below_the_fraction_in_exact_arithmetic(momentum: float) -> None:
    decay = 1 - Fraction(momentum)
    steps = steps_to_residue(momentum, 0.01)
    assert steps is not None
    assert decay**steps <= Fraction(1, 100) < decay ** (steps - 1)


def test_a_whole_number_of_steps_is_not_rounded_up() -> None:
    assert steps_to_residue(0.9, 0.01) == 2
    assert steps_to_residue(0.9, 1e-6) == 6


@pytest.mark.parametrize("momentum", [0.1, 1e-4, 1e-9, 1e-15])
def test_residue_keeps_the_digits_of_a_small_momentum(momentum: float) -> None:
    steps = round(0.7 / momentum)
    # ln(1 - m) as an exact series: the floating-point 1 - m has lost digits that this has not.
    exact = Fraction(momentum)
    logarithm = -sum(exact**k / k for k in range(1, 40))
    assert residue(momentum, steps) == pytest.approx(math.exp(float(steps * logarithm)), rel=1e-14)


@settings(derandomize=True, max_examples=100)
@given(st.floats(1e-12, 0.999))
def test_two_updates_of_the_halved_momentum_are_one_of_the_momentum(momentum: float) -> None:
    assert doubled(halved(momentum)) == pytest.approx(momentum, rel=1e-12)
    assert doubled(momentum) == pytest.approx(momentum * (2 - momentum), rel=1e-14)


def test_a_momentum_too_small_to_ever_arrive_has_no_number_of_steps() -> None:
    assert steps_to_residue(5e-324, 0.01) is None

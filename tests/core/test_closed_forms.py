from __future__ import annotations

import math
from fractions import Fraction

import pytest

from bncli.core.closed_forms import closed_forms


def test_momentum_0_never_moves() -> None:
    forms = closed_forms(0.0, 100)
    assert forms.initial_residue == 1
    assert forms.effective_batches == forms.half_life == forms.mean_age == math.inf
    assert forms.steps_to_1_percent is None
    assert forms.noise_factor == forms.doubled == forms.halved == 0


def test_momentum_1_is_the_last_batch() -> None:
    forms = closed_forms(1.0, 100)
    assert forms.initial_residue == forms.half_life == forms.mean_age == forms.decay == 0
    assert forms.effective_batches == forms.steps_to_1_percent == forms.noise_factor == 1
    assert forms.doubled == forms.halved == 1


def test_momentum_1_leaves_the_initial_value_alone_before_the_first_step() -> None:
    assert closed_forms(1.0, 0).initial_residue == 1


def test_the_cumulative_average_weighs_all_batches_alike() -> None:
    forms = closed_forms(None, 400)
    assert forms.effective_batches == 400
    assert forms.noise_factor == pytest.approx(1 / 20)
    assert forms.initial_residue == 0
    assert forms.steps_to_1_percent == 1
    assert forms.mean_age == 199.5
    assert forms.momentum is forms.decay is forms.half_life is forms.doubled is None


def test_the_cumulative_average_weighs_the_batches_before_the_run_like_those_of_it() -> None:
    forms = closed_forms(None, 100, num_seen=300)
    assert forms.effective_batches == 400
    assert forms.noise_factor == pytest.approx(1 / 20)
    assert forms.initial_residue == 0.75
    assert forms.mean_age == 199.5
    steps = forms.steps_to_1_percent
    assert steps is not None
    assert Fraction(300, 300 + steps) <= Fraction(1, 100) < Fraction(300, 300 + steps - 1)
    assert closed_forms(None, 0, num_seen=300).initial_residue == 1
    assert closed_forms(0.1, 100, num_seen=300) == closed_forms(0.1, 100)


def test_mean_age_is_the_mean_of_the_weights_ages() -> None:
    momentum = 0.03
    ages = sum(momentum * (1 - momentum) ** k * k for k in range(4000))
    assert closed_forms(momentum, 1).mean_age == pytest.approx(ages)

from __future__ import annotations

import math

import pytest

from bncli.formats.traced_momentum import is_momentum_recorded


@pytest.mark.parametrize("momentum", [0.1, 0.5, 1.0, 0.03, 1e-9, 2.0, -0.1])
def test_in_eval_mode_anything_but_zero_is_the_layers_own(momentum: float) -> None:
    assert is_momentum_recorded(momentum, is_training=False)
    assert not is_momentum_recorded(0.0, is_training=False)


@pytest.mark.parametrize("count", [1, 2, 3, 10, 49, 12345, 10**6 + 3])
def test_in_train_mode_one_over_a_count_may_be_a_step_of_an_average(count: int) -> None:
    assert not is_momentum_recorded(1 / count, is_training=True)


@pytest.mark.parametrize("momentum", [0.03, 0.9, 0.3, 0.07, 0.99, 1.5, 2.0, 3.0, 1e300, math.inf])
def test_in_train_mode_other_numbers_are_the_layers_own(momentum: float) -> None:
    assert is_momentum_recorded(momentum, is_training=True)


@pytest.mark.parametrize("momentum", [0.0, -0.1, 1e-300, 2.0**-25])
def test_in_train_mode_what_no_step_could_be_is_not_divided_by(momentum: float) -> None:
    assert not is_momentum_recorded(momentum, is_training=True)

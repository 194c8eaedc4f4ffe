"""Tests of which channels are dead."""

from __future__ import annotations

import numpy as np
import pytest

from bncli.analysis.dead_variance import is_dead
from bncli.core.batch_norm_layer import Setting
from tests.helpers.builders import layer


def test_channels_near_eps_are_alive_and_those_far_below_are_dead() -> None:
    assert is_dead(layer(running_var=np.array([0.0, 5e-45, 1e-6, -1e-30]))).tolist() == [True, True, False, False]


def test_the_limit_moves_with_eps() -> None:
    var = np.array([2e-11, 2e-10, 2e-9, np.nan])
    assert is_dead(layer(running_var=var)).tolist() == [False] * 4
    assert is_dead(layer(running_var=var, eps=Setting(1e-3, "given"))).tolist() == [True, True, False, False]


@pytest.mark.parametrize("eps", [np.inf, np.nan, -np.inf])
def test_beside_an_eps_that_is_not_finite_no_channel_is_dead(eps: float) -> None:
    assert not is_dead(layer(eps=Setting(eps, "stored"))).any()

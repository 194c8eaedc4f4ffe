"""Tests of what strikes the eye in a layer."""

from __future__ import annotations

import numpy as np
import pytest

from bncli.analysis.inspection import InspectedLayer, inspect
from bncli.analysis.layer_selection import select
from bncli.core.batch_norm_layer import Setting
from tests.helpers.builders import checkpoint, layer


def inspected(**changed: object) -> InspectedLayer:
    (found,) = inspect(select(checkpoint(layer(**changed))))
    return found


def test_a_healthy_layer_has_nothing_to_remark() -> None:
    found = inspected()
    assert (found.num_non_finite, found.num_negative_var, found.num_dead, found.is_initial) == (0, 0, 0, False)


def test_variances_far_below_eps_are_dead_and_those_near_eps_are_not() -> None:
    assert inspected(running_var=np.array([5.6e-45, 0, 9e-12, 1e-6], np.float32)).num_dead == 3


def test_negative_variances_and_values_that_are_not_finite_are_counted() -> None:
    found = inspected(running_var=np.array([-1, -1e-9, 1, np.nan]), bias=np.array([np.inf, 0, 0, 0]))
    assert (found.num_negative_var, found.num_non_finite, found.num_dead) == (2, 2, 0)


@pytest.mark.parametrize("eps", [0.0, 1e-5, 1e300, np.inf, np.nan])
def test_negative_and_dead_variances_are_counted_in_any_company(eps: float) -> None:
    values = [np.nan, np.inf, -np.inf, -1.0, -1e-40, -0.0, 0.0, 1e-40, 9.9e-12, 1.1e-11, 1e-5, 1.0, 1e30]
    for first in values:
        for second in values:
            var = np.array([first, second, 1], np.float32)
            found = inspected(
                running_var=var, running_mean=np.zeros(3), weight=None, bias=None, eps=Setting(eps, "given")
            )
            limit = 1e-6 * eps
            assert found.num_negative_var == sum(value < 0 for value in var.tolist())
            assert found.num_dead == sum(0 <= value < limit < np.inf for value in var.tolist())
            assert found.is_initial == (var.tolist() == [1, 1, 1])


def test_layers_are_inspected_together_each_with_its_own_arrays() -> None:
    layers = [layer(name=f"bn{index}", weight=None if index % 2 else np.full(4, index)) for index in range(5)]
    found = inspect(select(checkpoint(*layers)))
    assert [each.layer.name for each in found] == [each.name for each in layers]
    assert [each.weight and each.weight.max for each in found] == [0, None, 2, None, 4]
    assert inspect(()) == []


def test_mean_zero_and_variance_one_everywhere_is_the_initial_state() -> None:
    assert inspected(running_mean=np.zeros(4), running_var=np.ones(4)).is_initial
    assert not inspected(running_mean=np.zeros(4), running_var=np.array([1, 1, 1, 1.5])).is_initial


def test_broken_layers_sort_before_dead_ones_and_those_before_healthy_ones() -> None:
    broken = inspected(running_var=np.array([np.nan, 1, 1, 1]))
    negative = inspected(running_var=np.array([-1.0, 1, 1, 1]))
    dead = inspected(running_var=np.array([1e-30, 1, 1, 1]))
    healthy = inspected()
    keys = [each.worst_first() for each in (broken, negative, dead, healthy)]
    assert keys == sorted(keys)

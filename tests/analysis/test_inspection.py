"""Tests of what strikes the eye in a layer."""

from __future__ import annotations

import numpy as np

from bncli.analysis.inspection import InspectedLayer, inspect
from bncli.analysis.layer_selection import select
from tests.helpers.builders import checkpoint, layer


def inspected(**changed: object) -> InspectedLayer:
    (selected,) = select(checkpoint(layer(**changed)))
    return inspect(selected)


def test_a_healthy_layer_has_nothing_to_remark() -> None:
    found = inspected()
    assert (found.num_non_finite, found.num_negative_var, found.num_dead, found.is_initial) == (0, 0, 0, False)


def test_variances_far_below_eps_are_dead_and_those_near_eps_are_not() -> None:
    assert inspected(running_var=np.array([5.6e-45, 0, 9e-12, 1e-6], np.float32)).num_dead == 3


def test_negative_variances_and_values_that_are_not_finite_are_counted() -> None:
    found = inspected(running_var=np.array([-1, -1e-9, 1, np.nan]), bias=np.array([np.inf, 0, 0, 0]))
    assert (found.num_negative_var, found.num_non_finite, found.num_dead) == (2, 2, 0)


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

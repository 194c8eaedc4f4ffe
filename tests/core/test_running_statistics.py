from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bncli.core import running_statistics
from bncli.core.running_statistics import (
    RunningStatistics,
    check_start,
    fresh,
    step_towards,
    update,
    update_repeatedly,
)
from bncli.errors import InvalidUsage


def batches(num_batches: int, num_features: int = 5, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(2, 3, (num_batches, 16, num_features)) * rng.uniform(0.1, 5, num_features)


def fed(x: np.ndarray, momentum: float | None) -> RunningStatistics:
    running = fresh(x.shape[2])
    for batch in x:
        running = update(running, batch.mean(axis=0), batch.var(axis=0, ddof=1), momentum)
    return running


@pytest.mark.parametrize("momentum", [0.1, 0.01, 0.9, 0.0, 1.0, None])
def test_updates_are_those_of_torch_in_double_precision(momentum: float | None) -> None:
    x = batches(60)
    layer = torch.nn.BatchNorm1d(5, momentum=momentum, dtype=torch.float64)
    for batch in x:
        layer(torch.from_numpy(batch))
    running = fed(x, momentum)
    np.testing.assert_allclose(running.mean, layer.running_mean.numpy(), rtol=1e-12)
    np.testing.assert_allclose(running.var, layer.running_var.numpy(), rtol=1e-12)
    assert running.num_batches_tracked == layer.num_batches_tracked.item()


def test_momentum_1_keeps_exactly_the_last_batch() -> None:
    x = batches(3)
    running = fed(x, 1.0)
    np.testing.assert_array_equal(running.mean, x[-1].mean(axis=0))
    np.testing.assert_array_equal(running.var, x[-1].var(axis=0, ddof=1))


def test_momentum_0_keeps_exactly_the_initial_values() -> None:
    running = fed(batches(3), 0.0)
    np.testing.assert_array_equal(running.mean, np.zeros(5))
    np.testing.assert_array_equal(running.var, np.ones(5))


def test_the_cumulative_average_is_the_plain_mean_of_the_batch_statistics() -> None:
    x = batches(40)
    running = fed(x, None)
    np.testing.assert_allclose(running.mean, x.mean(axis=1).mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(running.var, x.var(axis=1, ddof=1).mean(axis=0), rtol=1e-13)


def test_the_cumulative_average_without_a_counter_does_not_move() -> None:
    before = RunningStatistics(np.array([3.0]), np.array([4.0]), None)
    after = update(before, np.array([7.0]), np.array([9.0]), None)
    assert (after.mean[0], after.var[0], after.num_batches_tracked) == (3.0, 4.0, None)


def test_a_number_as_momentum_needs_no_counter() -> None:
    before = RunningStatistics(np.array([3.0]), np.array([4.0]), None)
    after = update(before, np.array([7.0]), np.array([8.0]), 0.25)
    assert (after.mean[0], after.var[0], after.num_batches_tracked) == (4.0, 5.0, None)


def test_the_statistics_before_an_update_are_left_alone() -> None:
    before = fresh(2)
    update(before, np.ones(2), np.full(2, 9.0), 0.5)
    assert before.num_batches_tracked == 0
    np.testing.assert_array_equal(before.mean, np.zeros(2))


@settings(derandomize=True, max_examples=200)
@given(
    st.floats(-1e100, 1e100),
    st.floats(-1e100, 1e100),
    st.floats(0, 1),
)
def test_a_step_stays_between_its_ends(value: float, target: float, momentum: float) -> None:
    stepped = step_towards(np.array([value]), np.array([target]), momentum)[0]
    slack = 1e-15 * (abs(value) + abs(target))
    assert min(value, target) - slack <= stepped <= max(value, target) + slack


def test_small_steps_towards_where_it_stands_do_not_move_it() -> None:
    value = np.array([0.1, 1e300, -7e-300])
    np.testing.assert_array_equal(step_towards(value, value, 1e-4), value)


@pytest.mark.parametrize("momentum", [0.1, 0.9])
def test_an_infinite_running_value_stays_infinite_as_in_torch(momentum: float) -> None:
    layer = torch.nn.BatchNorm1d(1, momentum=momentum)
    layer.running_var.fill_(torch.inf)
    layer(torch.tensor([[1.0], [2.0]]))
    stepped = step_towards(np.array([np.inf]), np.array([0.5]), momentum)
    assert stepped[0] == layer.running_var.item() == np.inf


def test_values_whose_difference_overflows_are_still_averaged() -> None:
    assert step_towards(np.array([1.7e308]), np.array([-1.7e308]), 0.5)[0] == 0.0


@pytest.mark.parametrize("momentum", [0.0, 0.01, 0.1, 0.5, 0.9, 1.0, None])
@pytest.mark.parametrize("counter", [0, 7, None])
@pytest.mark.parametrize("steps", [0, 1, 3, 5000])
def test_repeated_updates_are_to_the_bit_those_of_so_many_calls(
    momentum: float | None, counter: int | None, steps: int
) -> None:
    mean, var = np.array([0.1, -7.0, np.nan, 3e300]), np.array([2.0, 1e-300, 1.0, np.inf])
    start = stepped = RunningStatistics(np.array([0.0, 3.0, 1.0, -3e300]), np.array([1.0, 1.0, 1.0, np.inf]), counter)
    for _ in range(steps):
        stepped = update(stepped, mean, var, momentum)
    at_once = update_repeatedly(start, mean, var, momentum, steps)
    np.testing.assert_array_equal(at_once.mean, stepped.mean)
    np.testing.assert_array_equal(at_once.var, stepped.var)
    assert at_once.num_batches_tracked == stepped.num_batches_tracked


def test_updates_that_move_nothing_any_more_are_only_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[float | None] = []

    def watched(*arguments: Any) -> RunningStatistics:
        calls.append(arguments[3])
        return update(*arguments)

    monkeypatch.setattr(running_statistics, "update", watched)
    after = update_repeatedly(fresh(1), np.array([3.0]), np.array([4.0]), 0.1, 10**12)
    assert (after.mean[0], after.var[0]) == pytest.approx((3.0, 4.0), rel=1e-14)
    assert after.num_batches_tracked == 10**12
    assert len(calls) < 500


@pytest.mark.parametrize("counter", [-1, -5.0, math.nan, math.inf, 2**63])
def test_a_counter_that_counts_nothing_starts_no_cumulative_average(counter: float) -> None:
    running = RunningStatistics(np.zeros(2), np.ones(2), counter)
    check_start(running, 0.1)
    with pytest.raises(InvalidUsage, match="num_batches_tracked is .*: a cumulative average needs"):
        check_start(running, None)


@pytest.mark.parametrize("counter", [None, 0, 2.5, 2**63 - 1])
def test_any_other_does_and_so_does_none(counter: float | None) -> None:
    check_start(RunningStatistics(np.zeros(2), np.ones(2), counter), None)

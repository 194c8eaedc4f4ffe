from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bncli.core.running_average import running_average

MOMENTA = [None, 0.0, 1e-6, 1e-4, 0.01, 0.1, 0.5, 0.9, 0.999, 1 - 1e-9, 1.0]


def looped(initial: np.ndarray, batches: np.ndarray, momentum: float | None) -> np.ndarray:
    """The recurrence, step by step, in extended precision."""
    value, values = initial.astype(np.longdouble), []
    for step, batch in enumerate(batches.astype(np.longdouble), start=1):
        weight = 1 / np.longdouble(step) if momentum is None else np.longdouble(momentum)
        value = value + weight * (batch - value)
        values.append(value)
    return np.array(values)


def some_batches(num_steps: int, num_features: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(num_steps + num_features)
    return rng.normal(size=num_features), rng.normal(3, 1, (num_steps, num_features))


@pytest.mark.parametrize("momentum", MOMENTA)
@pytest.mark.parametrize("shape", [(1, 1), (7, 3), (2000, 2), (300, 40), (40, 1000)])
def test_every_value_is_that_of_the_loop(momentum: float | None, shape: tuple[int, int]) -> None:
    initial, batches = some_batches(*shape)
    values = running_average(initial, batches, momentum)
    np.testing.assert_allclose(values, looped(initial, batches, momentum).astype(float), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("momentum", MOMENTA)
@pytest.mark.parametrize("stride", [1, 4, 25, 100, 2000])
def test_every_kth_value_is_that_of_the_whole_trajectory(momentum: float | None, stride: int) -> None:
    initial, batches = some_batches(2000, 3)
    every = running_average(initial, batches, momentum)
    sampled = running_average(initial, batches, momentum, stride)
    np.testing.assert_allclose(sampled, every[stride - 1 :: stride], rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("momentum", [0.1, 0.003, None])
def test_final_values_are_those_of_torch(momentum: float | None) -> None:
    x = np.random.default_rng(3).normal(1, 2, (200, 8, 4))
    layer = torch.nn.BatchNorm1d(4, momentum=momentum, dtype=torch.float64)
    for batch in x:
        layer(torch.from_numpy(batch))
    mean = running_average(np.zeros(4), x.mean(axis=1), momentum, stride=200)
    var = running_average(np.ones(4), x.var(axis=1, ddof=1), momentum, stride=200)
    np.testing.assert_allclose(mean[0], layer.running_mean.numpy(), rtol=1e-12)
    np.testing.assert_allclose(var[0], layer.running_var.numpy(), rtol=1e-12)


@settings(derandomize=True, max_examples=60)
@given(st.integers(1, 300), st.integers(0, 300), st.one_of(st.none(), st.floats(0, 1)))
def test_a_run_may_be_cut_anywhere(head: int, tail: int, momentum: float | None) -> None:
    initial, batches = some_batches(head + tail, 2)
    whole = running_average(initial, batches, momentum)[-1]
    middle = running_average(initial, batches[:head], momentum)[-1]
    parts = middle if not tail else running_average(middle, batches[head:], momentum, num_seen=head)[-1]
    np.testing.assert_allclose(parts, whole, rtol=1e-12, atol=1e-13)


def test_momentum_1_is_exactly_the_last_batch() -> None:
    initial, batches = some_batches(50, 3)
    np.testing.assert_array_equal(running_average(initial, batches, 1.0), batches)
    np.testing.assert_array_equal(running_average(initial, batches, 1.0, stride=50)[0], batches[-1])


def test_momentum_0_is_exactly_the_initial_value() -> None:
    initial, batches = some_batches(50, 3)
    np.testing.assert_array_equal(running_average(initial, batches, 0.0, stride=10), np.tile(initial, (5, 1)))


def test_the_cumulative_average_forgets_the_initial_value() -> None:
    _, batches = some_batches(50, 3)
    far = running_average(np.full(3, 1e9), batches, None)
    np.testing.assert_allclose(far[-1], batches.mean(axis=0), rtol=1e-13)


@pytest.mark.parametrize("momentum", [0.1, None])
@pytest.mark.parametrize("num_features", [3, 40])
@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_a_broken_value_stays_from_its_batch_on_and_in_its_channel(
    momentum: float | None, num_features: int, broken: float
) -> None:
    initial, batches = some_batches(400, num_features)
    batches[203, 1] = broken
    values = running_average(initial, batches, momentum)
    np.testing.assert_array_equal(values[203:, 1], np.full(197, broken))
    batches[203:, 1] = 0
    expected = looped(initial, batches, momentum).astype(float)
    expected[203:, 1] = broken
    np.testing.assert_allclose(values, expected, rtol=1e-12, atol=1e-13)
    batches[203, 1] = broken
    last = running_average(initial, batches, momentum, stride=400)[0]
    np.testing.assert_array_equal(np.isfinite(last), np.arange(num_features) != 1)


def test_no_drift_in_a_long_run_of_a_tiny_momentum() -> None:
    final = running_average(np.zeros(1), np.ones((300_000, 1)), 1e-4, stride=300_000)[0, 0]
    assert final == pytest.approx(-np.expm1(300_000 * np.log1p(-1e-4)), rel=5e-14)


def test_the_input_is_left_as_it_was() -> None:
    initial, batches = some_batches(30, 2)
    kept = batches.copy()
    running_average(initial, batches, 0.1)
    np.testing.assert_array_equal(batches, kept)


def test_a_stride_that_does_not_divide_the_run_is_refused() -> None:
    with pytest.raises(ValueError, match="reshape"):
        running_average(np.zeros(1), np.zeros((10, 1)), 0.1, stride=4)

"""Tests of runs: what is said of the output without looking at it must be what is in it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bncli.analysis.input_tensor import input_tensor
from bncli.analysis.normalization_run import NormalizationResult, RunSettings, run
from bncli.core.normalization import BatchNorm
from bncli.core.running_statistics import RunningStatistics, fresh
from tests.helpers.builders import ArraysInMemory

Batch = np.ndarray[Any, Any]


class Keeping:
    """Keeps pieces of the output as they come."""

    is_order_free = False

    def __init__(self, pieces: list[Batch]) -> None:
        self.pieces = pieces

    def write(self, start: int, values: Batch) -> None:
        assert start == sum(map(len, self.pieces))
        self.pieces.append(values.copy())


def ran(x: Batch, layer: BatchNorm, settings: RunSettings) -> tuple[NormalizationResult, Batch]:
    pieces: list[Batch] = []
    result = run(input_tensor(ArraysInMemory({"x": x})), layer, settings, Keeping(pieces))
    return result, np.concatenate(pieces).reshape(x.shape)


@pytest.mark.parametrize("mode", ["train", "eval"])
@pytest.mark.parametrize("backend", ["numpy", "torch"])
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_statistics_of_the_output_are_those_of_its_values(mode: Any, backend: Any, dtype: str) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(3, 2, (50, 3, 7)).astype(dtype)
    running = RunningStatistics(np.array([2.0, 3.0, 4.0]), np.array([1.0, 4.0, 9.0]), 5)
    layer = BatchNorm(3, weight=np.array([1.0, -2.0, 0.0]), bias=np.array([0.5, 0.0, -1.0]), running=running)
    result, y = ran(x, layer, RunSettings(mode, 1 if mode == "train" else 0, backend=backend))
    wide = y.astype(np.float64)
    unit = float(np.finfo(dtype).eps)
    np.testing.assert_allclose(result.output.mean, wide.mean((0, 2)), rtol=unit, atol=4 * unit)
    np.testing.assert_allclose(result.output.biased_var, wide.var((0, 2)), rtol=8 * unit, atol=unit**2)
    np.testing.assert_array_equal(result.output.minimum, wide.min((0, 2)))
    np.testing.assert_array_equal(result.output.maximum, wide.max((0, 2)))


def test_nan_and_infinity_reach_the_output_of_their_channel_alone() -> None:
    x = np.random.default_rng(0).normal(3, 2, (50, 3, 7)).astype(np.float32)
    layer = BatchNorm(3, running=fresh(3))
    expected, clean = ran(x, layer, RunSettings("train", 1))
    x[3, 1, 2], x[4, 2, 0] = np.nan, np.inf
    result, y = ran(x, layer, RunSettings("train", 1))
    np.testing.assert_array_equal(y[:, 0], clean[:, 0])
    assert result.output.minimum[0] == expected.output.minimum[0]
    assert np.isnan(y[:, 1:]).all()
    assert np.isnan(result.output.minimum[1:]).all()
    _, y = ran(x, layer, RunSettings("eval", 0))
    np.testing.assert_allclose(y[4, 2, 1:], x[4, 2, 1:], rtol=1e-5)
    assert y[4, 2, 0] == np.inf


def test_an_output_without_a_finite_mean_has_no_variance() -> None:
    x = np.random.default_rng(0).normal(3, 2, (50, 4, 7)).astype(np.float32)
    running = RunningStatistics(np.array([np.nan, -np.inf, np.inf, 0.0]), np.array([1.0, np.inf, 1.0, 1.0]), 5)
    result, y = ran(x, BatchNorm(4, running=running), RunSettings("eval", 0))
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(np.isnan(result.output.biased_var), np.isnan(y.var((0, 2))))
    np.testing.assert_array_equal(np.isnan(result.output.mean), np.isnan(y.mean((0, 2))))


@pytest.mark.parametrize("magnitude", [1e200, 1.6e308, 1e-200])
@pytest.mark.parametrize("mode", ["train", "eval"])
def test_output_is_right_where_the_variance_is_beyond_float64(magnitude: float, mode: Any) -> None:
    values = np.random.default_rng(0).uniform(-1, 1, (50, 2, 7))
    x = values.copy()
    x[:, 1] *= magnitude
    result, y = ran(x, BatchNorm(2), RunSettings(mode, 1))
    assert result.inputs.moments.is_var_beyond_float64.tolist() == [False, magnitude > 1]
    if magnitude > 1:
        expected = (values[:, 1] - values[:, 1].mean()) / values[:, 1].std()
    else:
        expected = (x[:, 1] - x[:, 1].mean()) / np.sqrt(1e-5)
    np.testing.assert_allclose(y[:, 1], expected, rtol=1e-13, atol=1e-13 * np.abs(expected).max())


def test_without_a_sink_no_output_is_computed_and_every_block_counts_once() -> None:
    x = np.zeros((30, 2), np.float32)
    counted: list[int] = []
    run(input_tensor(ArraysInMemory({"x": x})), BatchNorm(2), RunSettings("train", 1), None, counted.append)
    assert sum(counted) == x.size
    run(input_tensor(ArraysInMemory({"x": x})), BatchNorm(2), RunSettings("train", 1), Keeping([]), counted.append)
    assert sum(counted) == 3 * x.size

"""Tests that torch's distance from exact is put down to what is known to cause it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bncli.analysis.deviation_cause import Cause, Distances, deviation_causes
from bncli.analysis.input_tensor import input_tensor
from bncli.analysis.normalization_run import RunSettings, run
from bncli.analysis.torch_deviation import TorchDeviation, torch_deviation
from bncli.core.channel_layout import ChannelLayout
from bncli.core.normalization import BatchNorm
from bncli.core.running_statistics import RunningStatistics, fresh
from tests.helpers.batch_moments import moments_of_batch
from tests.helpers.builders import ArraysInMemory

RNG = np.random.default_rng(3)
NORMAL = RNG.standard_normal((16, 1, 40, 40))


def deviation_of(
    x: Any, mode: Any = "train", axis: int = 1, running: RunningStatistics | None = None
) -> TorchDeviation:
    channels = x.shape[axis]
    layer = BatchNorm(channels, running=running or fresh(channels))
    settings = RunSettings(mode, 1 if mode == "train" else 0, channel_axis=axis)
    return torch_deviation(run(input_tensor(ArraysInMemory({"x": x})), layer, settings))


@pytest.mark.parametrize(
    ("values", "dtype", "cause"),
    [
        (NORMAL, "float32", Cause.ROUNDING),
        (1e4 + NORMAL, "float32", Cause.CANCELLATION),
        (1e6 + 0.1 * NORMAL, "float32", Cause.CANCELLATION),
        (np.full(NORMAL.shape, 0.1), "float32", Cause.CANCELLATION),
        (1e30 * NORMAL, "float32", Cause.OVERFLOW),
        (np.where(NORMAL > 0, 3e38, -3e38), "float32", Cause.OVERFLOW),
        (1e-40 * NORMAL, "float32", Cause.NONE),  # 0 is what the variance rounds to
        (np.full((64, 1, 100, 100), 6e4), "float16", Cause.ACCUMULATION),
        (1e8 + NORMAL, "float64", Cause.CANCELLATION),
        (np.zeros(NORMAL.shape), "float32", Cause.NONE),
    ],
)
def test_contiguous_inputs(values: Any, dtype: str, cause: Cause) -> None:
    with np.errstate(under="ignore"):
        assert deviation_of(values.astype(dtype)).causes == (cause,)


def test_rows_and_channels_last_are_put_down_to_their_order_of_summation() -> None:
    rectified = np.maximum(RNG.standard_normal((100_000, 2)), 0).astype(np.float32)
    deviation = deviation_of(rectified)
    assert set(deviation.causes) == {Cause.ACCUMULATION}
    assert deviation.var_ulp.min() > 2
    pixels = RNG.integers(0, 256, (8, 100, 100, 3)).astype(np.float32)
    assert set(deviation_of(pixels, axis=-1).causes) == {Cause.ACCUMULATION}
    contiguous = np.ascontiguousarray(np.moveaxis(pixels, -1, 1))
    assert Cause.ACCUMULATION not in deviation_of(contiguous).causes


def test_what_is_lost_below_the_normal_range_is_put_down_to_that() -> None:
    deviation = deviation_of((1e-22 * np.random.default_rng(0).standard_normal((1000, 1))).astype(np.float32))
    assert max(deviation.mean_ulp[0], deviation.var_ulp[0]) > 1
    assert deviation.causes == (Cause.UNDERFLOW,)


def test_eval_mode_is_judged_by_the_running_statistics() -> None:
    x = (1e4 + NORMAL).astype(np.float32)
    near = RunningStatistics(np.array([1e4]), np.array([1.0]), 1)
    assert deviation_of(x, "eval", running=near).causes == (Cause.CANCELLATION,)
    assert Cause.CANCELLATION not in deviation_of(x, "eval").causes


def test_half_types_that_are_rounded_twice_are_told_by_a_distance_of_up_to_one_unit() -> None:
    distances = Distances(*(np.array([value]) for value in (0.3, 0.3, 0.52, 1.0)))
    moments = moments_of_batch(NORMAL)
    layout = ChannelLayout.of(NORMAL.shape)
    assert deviation_causes(distances, moments, layout, "float16", "cpu") == (Cause.DOUBLE_ROUNDING,)
    assert deviation_causes(distances, moments, layout, "float32", "cpu") == (Cause.ROUNDING,)


def test_nothing_is_put_down_to_the_order_of_summation_on_another_device() -> None:
    distances = Distances(*(np.array([value]) for value in (9.0, 9.0, 9.0, 1.0)))
    layout = ChannelLayout.of((4, 1))
    moments = moments_of_batch(NORMAL)
    assert deviation_causes(distances, moments, layout, "float32", "cuda") == (Cause.ROUNDING,)
    assert deviation_causes(distances, moments, layout, "float32", "cpu") == (Cause.ACCUMULATION,)

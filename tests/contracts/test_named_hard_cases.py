"""Data on which batch normalization is known to go wrong elsewhere: bncli is right on all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from bncli.core.rounding import round_to_bfloat16
from tests.helpers.batch_moments import moments_of_batch
from tests.helpers.exact_normalization import exact_mean_and_var
from tests.helpers.measured_accuracy import Layer, measured_accuracy

if TYPE_CHECKING:
    from collections.abc import Iterator

N = 20_000
RNG = np.random.default_rng(12)
NORMAL = RNG.standard_normal(N)
EVEN = np.arange(N) % 2 == 0
NEXT = float(np.nextafter(np.float32(1), np.float32(2)))

FLOAT32_CASES: dict[str, Any] = {
    "standard normal": NORMAL,
    "mean 1e4": 1e4 + NORMAL,
    "mean 1e4, deviation 0.01": 1e4 + 0.01 * NORMAL,
    "mean 1e6, deviation 0.1": 1e6 + 0.1 * NORMAL,
    "mean 1e8, a few neighbours": 1e8 + NORMAL,
    "constant 0.1": np.full(N, 0.1),
    "constant 1e30": np.full(N, 1e30),
    "constant 3.4e38": np.full(N, 3.4e38),
    "ones and one neighbour": np.where(np.arange(N) == 77, NEXT, 1.0),
    "one outlier of 1e6": np.where(np.arange(N) == 77, 1e6, NORMAL),
    "one outlier of 1e30": np.where(np.arange(N) == 77, 1e30, 1e-3 * NORMAL),
    "subnormal": 1e-40 * NORMAL,
    "beyond float32's variance": 1e30 * NORMAL,
    "alternating limits": np.where(EVEN, 3e38, -3e38),
    "two clusters": np.where(EVEN, 1e8, -1e8) + 100 * NORMAL,
    "two neighbours": np.array([1.0, NEXT]),
    "mean 100": 100 + NORMAL,
    "evenly spread": RNG.random(N),
    "rounding errors of one sign": np.where(EVEN, 0.0, 0.3),
}
OTHER_CASES: dict[str, tuple[str, Any]] = {
    "float16 normal": ("float16", NORMAL),
    "float16, mean 1e4": ("float16", 1e4 + 20 * NORMAL),
    "float16 constant 6e4": ("float16", np.full(N, 6e4)),
    "bfloat16, mean 100": ("bfloat16", 100 + NORMAL),
    "float64, mean 1e8": ("float64", 1e8 + NORMAL),
    "float64, mean 1e15": ("float64", 1e15 + NORMAL),
    "float64, 1e200": ("float64", 1e200 * NORMAL),
    "float64 constant 1e300": ("float64", np.full(N, 1e300)),
    "float64 subnormal": ("float64", 1e-310 * NORMAL),
}
CASES = {name: ("float32", values) for name, values in FLOAT32_CASES.items()} | OTHER_CASES


@pytest.mark.parametrize("name", CASES)
def test_a_named_case_is_within_its_bounds(name: str) -> None:
    dtype, wide = CASES[name]
    with np.errstate(under="ignore"):
        values = round_to_bfloat16(wide) if dtype == "bfloat16" else wide.astype(dtype)
        accuracy = measured_accuracy(values, dtype, Layer(), np.random.default_rng(0))
    assert accuracy.var <= 2.0**-48
    assert accuracy.mean <= 2.0**-48
    assert accuracy.output <= (4.0 if dtype == "float64" else 0.501)


@pytest.mark.parametrize("value", [0.1, 1e30, 3.4e38, 5e-45])
def test_a_constant_channel_becomes_exactly_the_bias(value: float) -> None:
    values = np.full(N, value, np.float32)
    accuracy = measured_accuracy(values, "float32", Layer(bias=0.7), np.random.default_rng(0))
    assert accuracy.output <= 0.5
    assert moments_of_batch(values.reshape(-1, 1)).m2[0] == 0


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Keep torch's sums as long as they are: with more threads they are shorter, and better."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize(
    ("name", "shape", "axis", "draw", "least_torch_error"),
    [
        ("rectified rows", (100_000, 4), 1, lambda rng, shape: np.maximum(rng.standard_normal(shape), 0), 1e-5),
        ("rows of mean 1000", (500_000, 2), 1, lambda rng, shape: 1000 + rng.standard_normal(shape), 0.1),
        ("pixels, channels last", (16, 112, 112, 3), -1, lambda rng, shape: rng.integers(0, 256, shape), 1e-5),
        (
            "rectified, channels last",
            (16, 56, 56, 8),
            -1,
            lambda rng, shape: np.maximum(rng.standard_normal(shape), 0),
            1e-6,
        ),
    ],
)
def test_statistics_that_torch_sums_in_float32_are_exact_here(
    name: str, shape: tuple[int, ...], axis: int, draw: Any, least_torch_error: float
) -> None:
    x = draw(np.random.default_rng(5), shape).astype(np.float32)
    channels = shape[axis]
    running_mean, running_var = torch.zeros(channels), torch.ones(channels)
    view = torch.from_numpy(x).movedim(axis, 1)
    torch.nn.functional.batch_norm(view, running_mean, running_var, training=True, momentum=1.0)
    moments = moments_of_batch(x, axis)
    ours, torchs = [], []
    for channel in range(channels):
        values = np.take(x, channel, axis=axis).reshape(-1)
        var = float(exact_mean_and_var(values)[1])
        ours.append(abs(float(moments.biased_var[channel]) / var - 1))
        torchs.append(abs(float(running_var[channel]) * (values.size - 1) / values.size / var - 1))
    assert max(ours) <= 2.0**-47, name
    assert max(torchs) >= least_torch_error, name


def test_the_variance_of_values_beyond_float32s_variance_is_finite_where_torchs_is_not() -> None:
    x = (1e30 * NORMAL).astype(np.float32).reshape(4, 1, -1)
    running_var = torch.ones(1)
    torch.nn.functional.batch_norm(torch.from_numpy(x), torch.zeros(1), running_var, training=True, momentum=1.0)
    assert torch.isinf(running_var).all()
    assert moments_of_batch(x).biased_var[0] == pytest.approx(1e60 * NORMAL.var(), rel=1e-6)

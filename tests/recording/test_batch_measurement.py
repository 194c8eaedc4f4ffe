from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from bncli.recording import sample_sums
from bncli.recording.batch_measurement import SummedBatch, finished, measure
from tests.helpers.activations import CASES, normal
from tests.helpers.oracles import exact_moments, relative_error

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor


@pytest.fixture(autouse=True, params=["in pieces", "at once"])
def _both_ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sum every batch piece by piece, and every batch at once."""
    monkeypatch.setattr(sample_sums, "CACHE_ELEMENTS", 100 if request.param == "in pieces" else 1 << 30)


def statistics_of(x: Tensor) -> NDArray[np.float64]:
    """Return mean, variance, what rounding took from the mean, and the variance of the samples' means."""
    measured = measure(x)
    return finished([measured])[0] if isinstance(measured, SummedBatch) else measured.numpy()


@pytest.mark.parametrize("x", CASES.values(), ids=CASES)
def test_statistics_are_those_of_exact_arithmetic(x: Tensor) -> None:
    mean, var, mean_error, _ = statistics_of(x)
    values = x.double().numpy()
    for channel in range(3):
        exact_mean, m2 = exact_moments(values[:, channel])
        stated = Fraction(float(mean[channel])) + Fraction(float(mean_error[channel]))
        scale = Fraction(float(np.abs(values[:, channel]).mean()))
        assert abs(stated - exact_mean) <= scale * Fraction(1, 10**15)
        assert relative_error(var[channel], m2 / values[:, channel].size) < 2e-15


@pytest.mark.parametrize("x", CASES.values(), ids=CASES)
def test_the_spread_of_samples_is_that_of_their_means(x: Tensor) -> None:
    means = x.double().flatten(2).mean(2) if x.dim() > 2 else x.double()
    expected = means.var(0, correction=0).numpy()
    np.testing.assert_allclose(statistics_of(x)[3], expected, rtol=1e-8, atol=1e-20)


@pytest.mark.parametrize("x", CASES.values(), ids=CASES)
def test_the_tensor_is_left_as_it_is(x: Tensor) -> None:
    before = x.clone()
    measure(x)
    assert torch.equal(x, before)


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
@pytest.mark.parametrize("value", [0.1, -1e-7, 6e4])
def test_a_constant_channel_has_no_variance_at_all(value: float, dtype: torch.dtype) -> None:
    mean, var, *_ = statistics_of(torch.full((7, 2, 9), value, dtype=dtype))
    assert mean.tolist() == [torch.tensor(value, dtype=dtype).item()] * 2
    assert var.tolist() == [0.0, 0.0]


def test_values_that_are_not_finite_stay_in_their_channel() -> None:
    x = normal(4, 4, 5)
    clean = statistics_of(x)
    x[0, 0, 0] = torch.nan
    x[1, 1, 1] = torch.inf
    mean, var, *_ = broken = statistics_of(x)
    assert np.isnan(mean[0])
    assert mean[1] == np.inf
    assert np.isnan(var[:2]).all()
    np.testing.assert_array_equal(broken[:, 2:], clean[:, 2:])


def test_batches_that_are_finished_together_are_as_those_finished_alone() -> None:
    batches = [x for x in CASES.values() if x.dtype != torch.float64]
    together = finished([batch for batch in map(measure, batches) if isinstance(batch, SummedBatch)])
    for x, statistics in zip(batches, together, strict=True):
        np.testing.assert_array_equal(statistics, statistics_of(x))


def test_nothing_that_is_finished_is_nothing() -> None:
    assert finished([]) == []


@pytest.mark.parametrize("mean", [0.0, 1.5, 3.0, 1e4])
def test_wide_and_narrow_values_give_the_same_statistics(mean: float) -> None:
    x = normal(16, 3, 20, mean=mean)
    narrow, wide = statistics_of(x), statistics_of(x.double())
    np.testing.assert_allclose(narrow[0] + narrow[2], wide[0] + wide[2], rtol=1e-15, atol=1e-16)
    np.testing.assert_allclose(narrow[1], wide[1], rtol=1e-14)
    np.testing.assert_allclose(narrow[3], wide[3], rtol=1e-12)

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from bncli.recording.tensor_moments import tensor_moments
from tests.helpers.oracles import exact_moments, relative_error

if TYPE_CHECKING:
    from torch import Tensor

GENERATOR = torch.Generator().manual_seed(3)


def normal(*shape: int, mean: float = 0.0, std: float = 1.0) -> Tensor:
    return torch.randn(shape, generator=GENERATOR) * std + mean


CASES = {
    "vectors": normal(50, 3),
    "one-sample": normal(1, 3, 7),
    "sequences": normal(6, 3, 11),
    "pictures": normal(9, 3, 5, 6),
    "volumes": normal(4, 3, 2, 3, 4),
    "many-chunks": normal(70, 3, 64, 64),
    "far-from-zero": normal(16, 3, 20, mean=100, std=0.01),
    "nearer-to-zero": normal(16, 3, 20, mean=10, std=0.001),
    "channels-last": normal(8, 3, 5, 4).to(memory_format=torch.channels_last),
    "every-second-sample": normal(8, 3, 5, 4)[::2],
    "expanded": normal(1, 3, 5).expand(6, 3, 5),
    "rectified": normal(30, 3, 4).relu(),
    "float64": normal(20, 3, 4).double() + 1e7,
    "float16": normal(20, 3, 4).half(),
    "bfloat16": normal(20, 3, 4).bfloat16(),
}


@pytest.mark.parametrize("x", CASES.values(), ids=CASES)
def test_moments_are_those_of_exact_arithmetic(x: Tensor) -> None:
    moments = tensor_moments(x)
    values = x.double().numpy()
    for channel in range(3):
        mean, m2 = exact_moments(values[:, channel])
        stated = Fraction(moments.mean[channel].item()) + Fraction(moments.mean_error[channel].item())
        scale = Fraction(float(np.abs(values[:, channel]).mean()))
        assert abs(stated - mean) <= scale * Fraction(1, 10**15)
        assert relative_error(moments.m2[channel].item(), m2) < 2e-15


@pytest.mark.parametrize("x", CASES.values(), ids=CASES)
def test_the_spread_of_samples_is_that_of_their_means(x: Tensor) -> None:
    means = x.double().flatten(2).mean(2) if x.dim() > 2 else x.double()
    expected = means.var(0, correction=0)
    torch.testing.assert_close(tensor_moments(x).sample_mean_var, expected, rtol=1e-8, atol=1e-20)


def test_the_tensor_is_left_as_it_is() -> None:
    for dtype in (torch.float32, torch.float64):
        x = normal(6, 3, 4).to(dtype)
        before = x.clone()
        tensor_moments(x)
        assert torch.equal(x, before)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_constant_channel_has_no_variance_at_all(dtype: torch.dtype) -> None:
    assert tensor_moments(torch.full((7, 2, 9), 0.1, dtype=dtype)).m2.tolist() == [0.0, 0.0]


def test_values_that_are_not_finite_stay_in_their_channel() -> None:
    x = normal(4, 4, 5)
    x[0, 0, 0] = torch.nan
    x[1, 1, 1] = torch.inf
    moments = tensor_moments(x)
    assert torch.isnan(moments.mean[0])
    assert moments.mean[1] == torch.inf
    assert torch.isnan(moments.m2[:2]).all()
    assert torch.isfinite(moments.m2[2:]).all()


def test_both_ways_of_computing_agree() -> None:
    x = normal(16, 3, 20, mean=1)
    narrow, wide = tensor_moments(x), tensor_moments(x.double())
    torch.testing.assert_close(narrow.mean + narrow.mean_error, wide.mean + wide.mean_error, rtol=1e-15, atol=0)
    torch.testing.assert_close(narrow.m2, wide.m2, rtol=1e-14, atol=0)
    torch.testing.assert_close(narrow.sample_mean_var, wide.sample_mean_var, rtol=1e-14, atol=0)

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from bncli.recording.tensor_moments import by_sample, tensor_moments
from tests.helpers.activations import CASES, normal
from tests.helpers.oracles import exact_moments, relative_error

if TYPE_CHECKING:
    from torch import Tensor


@pytest.mark.parametrize("x", CASES.values(), ids=CASES)
def test_moments_are_those_of_exact_arithmetic(x: Tensor) -> None:
    moments = tensor_moments(by_sample(x))
    values = x.double().numpy()
    for channel in range(3):
        mean, m2 = exact_moments(values[:, channel])
        stated = Fraction(moments.mean[channel].item()) + Fraction(moments.mean_error[channel].item())
        scale = Fraction(float(np.abs(values[:, channel]).mean()))
        assert abs(stated - mean) <= scale * Fraction(1, 10**15)
        assert relative_error(moments.m2[channel].item(), m2) < 2e-15


def test_a_constant_channel_has_no_variance_at_all() -> None:
    assert tensor_moments(torch.full((7, 2, 9), 0.1, dtype=torch.float64)).m2.tolist() == [0.0, 0.0]


@pytest.mark.parametrize("x", CASES.values(), ids=CASES)
def test_samples_channels_and_positions_are_told_apart_without_a_copy(x: Tensor) -> None:
    rows = by_sample(x)
    assert rows.shape == (len(x), 3, x[0, 0].numel())
    assert torch.equal(rows.flatten(), x.flatten())
    if x.is_contiguous() or x.is_contiguous(memory_format=torch.channels_last):
        assert rows.data_ptr() == x.data_ptr()


def test_the_tensor_is_left_as_it_is() -> None:
    x = normal(6, 3, 4).double()
    before = x.clone()
    tensor_moments(x)
    assert torch.equal(x, before)

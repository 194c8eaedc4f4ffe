from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from bncli.recording import sample_sums as module
from bncli.recording.sample_sums import sample_sums
from bncli.recording.tensor_moments import by_sample
from tests.helpers.activations import CASES, normal

if TYPE_CHECKING:
    from torch import Tensor

NARROW = {name: x for name, x in CASES.items() if x.dtype != torch.float64}


@pytest.mark.parametrize("cache_elements", [100, 1 << 20])
@pytest.mark.parametrize("x", NARROW.values(), ids=NARROW)
def test_sums_are_those_of_the_shifted_values(x: Tensor, cache_elements: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CACHE_ELEMENTS", cache_elements)
    rows = by_sample(x)
    sums, _ = sample_sums(rows)
    shifted = rows.double() - sums.shift[:, None]
    torch.testing.assert_close(sums.sums, shifted.sum(2), rtol=1e-12, atol=1e-9)
    torch.testing.assert_close(torch.from_numpy(sums.totals), shifted.sum((0, 2)), rtol=1e-12, atol=1e-9)
    torch.testing.assert_close(torch.from_numpy(sums.squares), shifted.square().sum((0, 2)), rtol=1e-12, atol=0)
    assert sums.num_positions == rows.shape[2]


@pytest.mark.parametrize("shape", [(16, 3, 100), (1, 3, 400), (2, 3, 7), (5, 3, 1), (64, 3, 1), (3, 3, 2, 2)])
@pytest.mark.parametrize("mean", [0.0, -50.0, 1e30])
def test_channels_are_shifted_to_near_their_mean_wherever_it_lies(shape: tuple[int, ...], mean: float) -> None:
    x = normal(*shape) * max(1.0, abs(mean) / 100) + mean
    sums, is_certified = sample_sums(by_sample(x))
    spread = max(1.0, abs(mean) / 100)
    assert ((sums.shift - x.double().transpose(0, 1).flatten(1).mean(1)).abs() < 2 * spread).all()
    assert is_certified.all()


def test_the_shift_of_a_channel_does_not_depend_on_the_others() -> None:
    x = normal(8, 3, 100, mean=20)
    before, _ = sample_sums(x)
    x[:, 0] = torch.nan
    after, is_certified = sample_sums(x)
    assert torch.equal(before.shift[1:], after.shift[1:])
    assert after.shift[0].isnan()
    assert is_certified.tolist() == [False, True, True]


def test_neither_samples_nor_positions_that_differ_need_a_second_look() -> None:
    by_class = normal(16, 2, 50) + torch.arange(16)[:, None, None] * 100
    by_position = normal(16, 2, 50) + torch.arange(50) * 100
    for x in (by_class, by_position, normal(4, 2, 500).relu(), torch.zeros(4, 2, 5)):
        assert sample_sums(x)[1].all()


def test_values_unlike_those_looked_at_are_told_not_to_be_certain() -> None:
    x = normal(16, 2, 5000, mean=100)
    x[:, :, 2400:2600] = 0
    sums, is_certified = sample_sums(x)
    assert not sums.shift.any()
    assert not is_certified.any()


def test_a_constant_channel_has_no_squares_beyond_its_sum() -> None:
    x = torch.full((7, 3, 11), 0.1) * torch.tensor([1.0, 1e-40, 1e38])[:, None]
    sums, _ = sample_sums(x)
    assert not sums.sums.any()
    assert not sums.squares.any()

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


@pytest.fixture
def _in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take every batch for one of many values."""
    monkeypatch.setattr(module, "_FEW_VALUES", 0)


@pytest.mark.parametrize("few_values", [0, 1 << 30])
@pytest.mark.parametrize("x", NARROW.values(), ids=NARROW)
def test_sums_are_those_of_the_shifted_values(x: Tensor, few_values: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FEW_VALUES", few_values)
    rows = by_sample(x)
    sums, _ = sample_sums(rows)
    shifted = rows.double() - sums.shift[:, None]
    torch.testing.assert_close(sums.sums, shifted.sum(2), rtol=1e-12, atol=1e-9)
    torch.testing.assert_close(torch.from_numpy(sums.totals), shifted.sum((0, 2)), rtol=1e-12, atol=1e-9)
    torch.testing.assert_close(torch.from_numpy(sums.squares), shifted.square().sum((0, 2)), rtol=1e-12, atol=0)
    assert sums.num_positions == rows.shape[2]


@pytest.mark.usefixtures("_in_pieces")
def test_of_many_values_only_channels_far_from_zero_are_shifted_to_near_their_mean() -> None:
    x = normal(8, 3, 100) + torch.tensor([0.0, -50.0, 1.0])[:, None]
    sums, is_certified = sample_sums(x)
    assert sums.shift[0] == sums.shift[2] == 0
    assert abs(sums.shift[1] + 50) < 0.2
    assert is_certified.all()


@pytest.mark.usefixtures("_in_pieces")
def test_the_shift_of_a_channel_does_not_depend_on_the_others() -> None:
    x = normal(8, 3, 100, mean=20)
    before, _ = sample_sums(x)
    x[:, 0] = torch.nan
    after, is_certified = sample_sums(x)
    assert torch.equal(before.shift[1:], after.shift[1:])
    assert is_certified.tolist() == [False, True, True]


def test_samples_unlike_the_first_are_told_not_to_be_certain() -> None:
    x = torch.cat([normal(1, 2, 140_000), normal(15, 2, 140_000, mean=100)])
    assert not sample_sums(x)[1].any()


@pytest.mark.usefixtures("_in_pieces")
def test_rectified_values_and_zeros_need_no_second_look() -> None:
    for x in (normal(4, 2, 500).relu(), torch.zeros(4, 2, 5)):
        sums, is_certified = sample_sums(x)
        assert is_certified.all()
        assert not sums.shift.any()


def test_channels_of_few_values_are_shifted_by_their_mean_unless_it_is_not_finite() -> None:
    x = normal(8, 4, 100) + torch.tensor([0.0, -50.0, 1e30, 5.0])[:, None]
    x[3, 3, 7] = torch.inf
    sums, is_certified = sample_sums(x)
    expected = x.double().mean((0, 2)).float().double()
    assert torch.equal(sums.shift[:3], expected[:3])
    assert sums.shift[3] == 0
    assert is_certified.all()


def test_a_constant_channel_of_few_values_becomes_zero() -> None:
    x = torch.full((7, 3, 11), 0.1) * torch.tensor([1.0, 1e-40, 1e38])[:, None]
    sums, _ = sample_sums(x)
    assert not sums.sums.any()
    assert not sums.squares.any()

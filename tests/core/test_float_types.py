"""Tests of the float types against torch's own."""

from __future__ import annotations

import pytest
import torch

from bncli.core.float_types import FLOAT_TYPES
from bncli.core.rounding import FLOAT_DTYPES


@pytest.mark.parametrize("name", FLOAT_DTYPES)
def test_precision_and_limits_are_those_that_torch_tells(name: str) -> None:
    found, expected = FLOAT_TYPES[name], torch.finfo(getattr(torch, name))
    assert 2.0 ** (1 - found.precision) == expected.eps
    assert found.smallest_normal == expected.smallest_normal
    assert found.largest == expected.max


@pytest.mark.parametrize("name", FLOAT_DTYPES)
def test_there_is_nothing_between_zero_and_the_smallest_number(name: str) -> None:
    zero, one = torch.zeros(1, dtype=getattr(torch, name)), torch.ones(1, dtype=getattr(torch, name))
    assert torch.nextafter(zero, one).item() == FLOAT_TYPES[name].smallest


def test_every_type_that_is_computed_in_is_described() -> None:
    assert set(FLOAT_TYPES) == set(FLOAT_DTYPES)

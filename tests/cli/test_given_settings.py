"""Tests of eps and momentum as options give them."""

from __future__ import annotations

import pytest

from bncli.cli.given_settings import given_settings
from bncli.errors import InvalidUsage


def test_what_is_not_given_stays_open() -> None:
    given = given_settings(None, None)
    assert given.eps is None
    assert given.momentum is None


@pytest.mark.parametrize(("text", "value"), [("0.1", 0.1), ("none", None), ("0", 0.0), ("1", 1.0)])
def test_a_momentum_is_a_weight_or_none(text: str, value: float | None) -> None:
    given = given_settings(1e-3, text)
    assert given.eps == 1e-3
    assert given.momentum is not None
    assert (given.momentum.value, given.momentum.source) == (value, "given")


@pytest.mark.parametrize(("eps", "momentum"), [(-1e-5, None), (float("nan"), None), (None, "1.5"), (None, "much")])
def test_values_that_no_layer_can_have_are_refused(eps: float | None, momentum: str | None) -> None:
    with pytest.raises(InvalidUsage):
        given_settings(eps, momentum)

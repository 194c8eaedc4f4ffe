"""Tests of what a layer still holds of its initial values."""

from __future__ import annotations

import math

import pytest

from bncli.analysis.initial_residue import initial_residue
from bncli.core.batch_norm_layer import Setting
from tests.helpers.builders import layer


@pytest.mark.parametrize(("counter", "momentum"), [(1, 0.1), (10, 0.1), (7.5, 0.25), (3, 0.0), (3, 1.0)])
def test_each_update_leaves_one_momentum_less_of_it(counter: float, momentum: float) -> None:
    left = initial_residue(layer(num_batches_tracked=counter, momentum=Setting(momentum, "stored")))
    assert left == pytest.approx((1 - momentum) ** counter)


@pytest.mark.parametrize(
    ("counter", "momentum"),
    [
        (100_000, -0.1),
        (100_000, 1.1),
        (10, math.nan),
        (10, math.inf),
        (10, None),
        (None, 0.1),
        (0, 0.1),
        (-5, 0.1),
        (math.nan, 0.1),
        (math.inf, 0.0),
    ],
)
def test_what_is_no_count_and_no_weight_tells_nothing(counter: float | None, momentum: float | None) -> None:
    assert initial_residue(layer(num_batches_tracked=counter, momentum=Setting(momentum, "stored"))) is None

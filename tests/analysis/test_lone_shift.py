from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from bncli.analysis.comparison import compare
from bncli.analysis.lone_shift import lone_shift
from tests.helpers.builders import layer
from tests.helpers.layer_pairs import named

if TYPE_CHECKING:
    from bncli.analysis.comparison import LayerChange

NAMES = ("a", "b", "c")
MEAN, VAR = layer().running_mean.astype(np.float64), layer().running_var.astype(np.float64)
SIGMA = np.sqrt(VAR + 1e-5)


def changes(shift: float = 0.0, ratio: float = 1.0, others: float = 0.0) -> tuple[LayerChange, ...]:
    """Return three layers, of which the first moved by `shift` sigma, and the others by `others`."""
    moved = named("a", running_mean=MEAN + shift * SIGMA, running_var=VAR * ratio)
    rest = [named(name, running_mean=MEAN + others * SIGMA) for name in NAMES[1:]]
    return compare([named(name) for name in NAMES], [moved, *rest]).changes


@pytest.mark.parametrize(("shift", "ratio"), [(6.0, 1.0), (-6.0, 1.0), (0.0, 10.0), (0.0, 0.1), (100.0, 1e9)])
def test_a_layer_that_moved_far_among_others_that_stayed_is_found_with_its_size(shift: float, ratio: float) -> None:
    found = lone_shift(changes(shift, ratio))
    assert found is not None
    assert found.labels == ("a",)
    assert found.mean_shift == pytest.approx(abs(shift), abs=1e-5)
    assert found.var_ratio == pytest.approx(ratio)


@pytest.mark.parametrize(("shift", "ratio"), [(4.9, 1.0), (0.0, 8.9)])
def test_a_layer_within_the_limits_is_none(shift: float, ratio: float) -> None:
    assert lone_shift(changes(shift, ratio)) is None


def test_where_all_layers_moved_none_stands_out() -> None:
    assert lone_shift(changes(6.0, others=0.6)) is None
    assert lone_shift(changes(6.0, others=0.4)) is not None


def test_two_layers_have_no_majority() -> None:
    assert lone_shift(changes(6.0)[:2]) is None


def test_one_channel_of_a_layer_that_moved_far_is_no_shift_of_the_layer() -> None:
    mean = MEAN.copy()
    mean[0] += 100
    assert (
        lone_shift(compare([named(n) for n in NAMES], [named("a", running_mean=mean), *map(named, "bc")]).changes)
        is None
    )


def test_a_ratio_that_is_unknown_in_every_channel_leaves_the_shift() -> None:
    nothing = np.zeros_like(VAR)
    before = [named("a", running_var=nothing), *map(named, "bc")]
    after = [named("a", running_var=nothing, running_mean=MEAN + 1.0), *map(named, "bc")]
    found = lone_shift(compare(before, after).changes)
    assert found is not None
    assert found.mean_shift == pytest.approx(1 / np.sqrt(1e-5), rel=1e-3)
    assert np.isnan(found.var_ratio)

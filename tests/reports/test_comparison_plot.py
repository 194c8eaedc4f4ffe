from __future__ import annotations

import math

import numpy as np
import pytest

from bncli.analysis.comparison import compare
from bncli.reports.comparison_fields import median_shift
from bncli.reports.comparison_plot import shift_plot
from tests.helpers.layer_pairs import leaked, leaky_backbone, named


def test_each_layer_has_a_point_at_its_depth() -> None:
    comparison = leaky_backbone()
    (plot,) = shift_plot(comparison)
    assert plot.x == (0, 1, 2)
    shifts, ratios = (line.y for line in plot.lines)
    assert list(shifts) == [median_shift(change) for change in comparison.changes]
    assert ratios == (0, 0, 0)


def test_halved_and_doubled_variances_moved_equally_far() -> None:
    before = [named(name) for name in "abc"]
    factors = (0.5, 2.0, 1.0)
    after = [
        leaked(name, running_var=layer.running_var * np.float32(factor))
        for name, layer, factor in zip("abc", before, factors, strict=True)
    ]
    (plot,) = shift_plot(compare(before, after))
    assert plot.lines[1].y == pytest.approx((math.log(2), math.log(2), 0))


def test_nothing_is_drawn_of_few_layers_or_where_nothing_moved() -> None:
    still = [named(name) for name in "abcd"]
    assert list(shift_plot(compare(still, still))) == []
    assert list(shift_plot(compare(still[:2], [leaked("a"), leaked("b")]))) == []


def test_a_layer_without_a_defined_shift_is_a_gap() -> None:
    before = [named("a"), named("b"), named("c", running_var=np.zeros(4))]
    (plot,) = shift_plot(compare(before, [leaked(name) for name in "abc"]))
    assert math.isnan(plot.lines[1].y[2])

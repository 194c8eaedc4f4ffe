from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bncli.renderers.axis import Axis, axes_of, axis_over, finite_reference
from bncli.reports.document import Line, Plot

FINITE = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (0, 99, [0, 20, 40, 60, 80]),
        (-3.2, 17, [0, 5, 10, 15]),
        (0.1, 0.9, [0.2, 0.4, 0.6, 0.8]),
        (-1e-7, 3e-7, [-1e-7, 0, 1e-7, 2e-7, 3e-7]),
    ],
)
def test_ticks_stand_at_round_values(low: float, high: float, ticks: list[float]) -> None:
    assert Axis(low, high).ticks(5) == pytest.approx(ticks)


@given(st.lists(FINITE, min_size=1), st.integers(2, 12))
def test_an_axis_has_few_ticks_all_of_them_on_it(values: list[float], most: int) -> None:
    axis = axis_over(values)
    assert axis is not None
    ticks = axis.ticks(most)
    assert len(ticks) <= most + 1
    assert all(-1e-6 <= axis.fraction(tick) <= 1 + 1e-6 for tick in ticks)


@given(st.lists(FINITE, min_size=1))
def test_every_value_lies_on_the_axis_and_greater_ones_lie_further_along(values: list[float]) -> None:
    axis = axis_over(values)
    assert axis is not None
    fractions = [axis.fraction(value) for value in sorted(values)]
    assert fractions == sorted(fractions)
    assert 0 <= fractions[0] <= fractions[-1] <= 1


@given(FINITE, FINITE)
def test_the_ends_of_the_axis_are_the_extreme_values(one: float, other: float) -> None:
    assume(abs(one / 2 - other / 2) > 1e-9 * max(abs(one), abs(other), 1))
    assert axis_over([one, other]) == Axis(min(one, other), max(one, other))


@pytest.mark.parametrize("value", [0.0, 2.5, -1e300, 5e-324])
def test_a_single_value_lies_in_the_middle(value: float) -> None:
    axis = axis_over([value, value])
    assert axis is not None
    assert axis.fraction(value) == pytest.approx(0.5)


def test_the_largest_floats_have_an_axis() -> None:
    axis = axis_over([-1.7e308, 1.7e308])
    assert axis is not None
    assert axis.fraction(0.0) == 0.5
    assert 0.0 in axis.ticks(5)


def test_values_that_are_not_finite_are_left_out() -> None:
    assert axis_over([math.nan, 1.0, math.inf, 2.0]) == Axis(1.0, 2.0)
    assert axis_over([math.nan, -math.inf]) is None
    assert axis_over([]) is None


def plot(reference: float | None) -> Plot:
    return Plot("", "", (0.0, 1.0), (Line("", (1.0, 2.0)), Line("", (1.5, 3.0))), reference)


def test_the_axes_of_a_plot_reach_over_all_curves_and_the_reference() -> None:
    assert axes_of(plot(None)) == (Axis(0.0, 1.0), Axis(1.0, 3.0))
    assert axes_of(plot(7.0)) == (Axis(0.0, 1.0), Axis(1.0, 7.0))
    assert axes_of(plot(math.nan)) == (Axis(0.0, 1.0), Axis(1.0, 3.0))


def test_a_plot_without_values_has_no_axes() -> None:
    assert axes_of(Plot("", "", (), ())) is None
    assert axes_of(Plot("", "", (0.0,), (Line("", (math.nan,)),))) is None


@pytest.mark.parametrize(("value", "seen"), [(None, None), (math.nan, None), (math.inf, None), (0.0, 0.0)])
def test_a_level_line_is_drawn_at_a_finite_reference_only(value: float | None, seen: float | None) -> None:
    assert finite_reference(plot(value)) == seen

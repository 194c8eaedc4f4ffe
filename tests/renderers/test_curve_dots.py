from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from bncli.renderers.axis import Axis, axis_over
from bncli.renderers.curve_dots import Grid

GRID = Grid(Axis(0.0, 4.0), Axis(0.0, 4.0), 5, 5)


def test_the_greatest_value_is_in_the_top_row() -> None:
    assert (GRID.row(4.0), GRID.row(0.0)) == (0, 4)
    assert (GRID.column(0.0), GRID.column(4.0)) == (0, 4)


def test_neighbouring_points_are_connected() -> None:
    assert GRID.curve((0.0, 4.0), (0.0, 4.0)).dots == {(0, 4), (1, 3), (2, 2), (3, 1), (4, 0)}


def test_a_value_that_is_not_finite_leaves_a_gap() -> None:
    curve = GRID.curve((0.0, 1.0, 2.0, 3.0, 4.0), (0.0, 0.0, math.nan, 4.0, 4.0))
    assert curve.dots == {(0, 4), (1, 4), (3, 0), (4, 0)}
    assert curve.lonely == frozenset()


def test_a_point_between_gaps_is_known_to_be_lonely() -> None:
    assert GRID.curve((0.0, 1.0, 2.0, 3.0), (math.inf, 2.0, math.nan, 4.0)).lonely == {(1, 2), (3, 0)}
    assert GRID.curve((2.0,), (2.0,)).lonely == {(2, 2)}


def test_a_curve_without_points_has_no_dots() -> None:
    assert GRID.curve((), ()).dots == frozenset()


@given(st.lists(st.floats(), min_size=2, max_size=20), st.integers(1, 30), st.integers(1, 30))
def test_every_dot_lies_on_the_grid_and_a_finite_curve_has_one_in_every_column(
    y: list[float], num_columns: int, num_rows: int
) -> None:
    x = tuple(float(index) for index in range(len(y)))
    x_axis, y_axis = axis_over(x), axis_over(y)
    if x_axis is None or y_axis is None:
        return
    dots = Grid(x_axis, y_axis, num_columns, num_rows).curve(x, y).dots
    assert all(0 <= column < num_columns and 0 <= row < num_rows for column, row in dots)
    if all(map(math.isfinite, y)):
        assert {column for column, _ in dots} == set(range(num_columns))

from __future__ import annotations

import math

import pytest

from bncli.renderers.axis import Axis
from bncli.renderers.curve_dots import Grid
from bncli.renderers.plot_cells import PlotCell, curve_marks, plot_cells
from bncli.reports.document import Line, Plot

AREA = Grid(Axis(0.0, 1.0), Axis(0.0, 1.0), 40, 5)
RISING = Line("rising", (0.0, 1.0))


def plot(*lines: Line) -> Plot:
    return Plot("", "", (0.0, 1.0), lines)


@pytest.mark.parametrize(
    ("num_curves", "unicode", "marks"), [(1, True, "•"), (1, False, "*"), (3, True, ["a", "b", "c"]), (0, True, [])]
)
def test_a_single_curve_has_a_dot_and_several_have_letters(num_curves: int, unicode: bool, marks: object) -> None:
    assert curve_marks(num_curves, unicode=unicode) == marks


def test_a_level_curve_fills_one_row_of_dots() -> None:
    area = Grid(Axis(0.0, 1.0), Axis(0.0, 1.0), 3, 1)
    assert plot_cells(plot(Line("", (1.0, 1.0))), area, unicode=True) == {(i, 0): PlotCell("⠉", 0) for i in range(3)}
    assert plot_cells(plot(Line("", (0.0, 0.0))), area, unicode=True) == {(i, 0): PlotCell("⣀", 0) for i in range(3)}


def test_a_cell_that_two_curves_share_shows_the_dots_of_both() -> None:
    area = Grid(Axis(0.0, 1.0), Axis(0.0, 1.0), 3, 1)
    cells = plot_cells(plot(Line("", (1.0, 1.0)), Line("", (0.0, 0.0))), area, unicode=True)
    assert cells[1, 0] == PlotCell("⣉", 0)


@pytest.mark.parametrize("unicode", [True, False])
@pytest.mark.parametrize("num_curves", [2, 3, 5])
def test_curves_that_cover_each_other_all_bear_their_letters(num_curves: int, unicode: bool) -> None:
    cells = plot_cells(plot(*[RISING] * num_curves), AREA, unicode=unicode)
    seen = {cell.character for cell in cells.values()}
    assert set(curve_marks(num_curves, unicode=unicode)) <= seen


def test_in_ascii_a_curve_is_drawn_with_its_letter() -> None:
    cells = plot_cells(plot(RISING), AREA, unicode=False)
    assert {cell.character for cell in cells.values()} == {"*"}


@pytest.mark.parametrize("unicode", [True, False])
def test_a_lonely_point_is_drawn_with_its_mark(unicode: bool) -> None:
    cells = plot_cells(plot(Line("", (math.nan, 1.0))), AREA, unicode=unicode)
    assert cells == {(39, 0): PlotCell(curve_marks(1, unicode=unicode)[0], 0)}

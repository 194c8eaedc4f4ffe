from __future__ import annotations

from bncli.renderers.axis import Axis
from bncli.renderers.base import Surface
from bncli.renderers.curve_dots import Grid
from bncli.renderers.plot_frame import Frame
from bncli.reports.document import Line, Plot


def frame(surface: Surface = Surface(), num_columns: int = 41) -> Frame:  # noqa: B008 - frozen
    return Frame(Grid(Axis(0.0, 40.0), Axis(0.0, 1.0), num_columns, 6), 3, surface)


def test_values_stand_beside_the_rows_of_their_ticks() -> None:
    assert frame().left_edges() == ["1.0 ┤", "0.8 ┤", "0.6 ┤", "0.4 ┤", "0.2 ┤", "0.0 ┤"]
    assert frame(Surface(unicode=False)).left_edges()[0] == "1.0 +"


def test_values_are_centred_under_their_ticks() -> None:
    assert frame().x_axis_lines("step") == [
        "    └┬─────────┬─────────┬─────────┬─────────┬",
        "     0        10        20        30        40",
        "                       step",
    ]


def test_a_value_that_would_run_into_its_neighbour_is_left_out() -> None:
    assert frame(num_columns=9).x_axis_lines("step")[1] == "     0  20  40"


def test_the_legend_goes_on_in_a_new_line_where_the_width_ends() -> None:
    lines = tuple(Line(f"momentum 0.{index}", ()) for index in range(4))
    plot = Plot("", "", (), lines, 1.0, "population")
    assert frame().legend_lines(plot, "abcd") == [
        "     a momentum 0.0   b momentum 0.1",
        "     c momentum 0.2   d momentum 0.3",
        "     ┄┄ population",
    ]


def test_curves_without_a_label_are_not_in_the_legend() -> None:
    assert frame().legend_lines(Plot("", "", (), (Line("", ()),), 1.0), "a") == []

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
from rich.cells import cell_len

from bncli.renderers.base import Surface
from bncli.renderers.plot import plot_lines
from bncli.reports.document import Line, Plot
from tests.helpers.documents import CURVE, PLOT, SLOW_CURVE, STEPS

if TYPE_CHECKING:
    from tests.helpers.golden import Golden

PLOTS = {
    "one_curve": Plot("One curve", "step", STEPS, (CURVE,), 1.0, "population"),
    "five_curves_that_coincide": Plot("Five curves", "step", STEPS, tuple([CURVE] * 3 + [SLOW_CURVE] * 2)),
    "level_curve": Plot("A level curve", "step", STEPS, (Line("constant", (2.5,) * 41),)),
    "one_point": Plot("One point", "step", (7.0,), (Line("point", (2.5,)),)),
    "gaps": Plot("Gaps", "step", (0, 1, 2, 3, 4, 5), (Line("gaps", (0, 1, math.nan, 3, math.inf, 2)),)),
    "no_value": Plot("No value", "step", (0, 1), (Line("nothing", (math.nan, math.inf)),)),
}


@pytest.mark.parametrize("name", PLOTS)
@pytest.mark.parametrize("characters", ["unicode", "ascii"])
def test_a_plot_looks_as_expected(name: str, characters: str, golden: Golden) -> None:
    lines = plot_lines(PLOTS[name], Surface(width=60, unicode=characters == "unicode"))
    golden.check(f"plot_{name}_{characters}.txt", "\n".join(lines) + "\n")


@pytest.mark.parametrize("width", [40, 60, 80, 100])
def test_a_plot_fills_the_width_and_no_more(width: int) -> None:
    assert max(map(cell_len, plot_lines(PLOT, Surface(width=width)))) == width


def test_a_plot_grows_no_wider_than_can_be_read() -> None:
    assert max(map(cell_len, plot_lines(PLOT, Surface(width=300)))) == 100
    assert max(map(cell_len, plot_lines(PLOT, Surface()))) == 80


def test_colour_changes_no_character() -> None:
    colored = "\n".join(plot_lines(PLOT, Surface(width=60, color=True)))
    for code in ("36", "33", "1", "2", "0"):
        colored = colored.replace(f"\x1b[{code}m", "")
    assert colored.split() == "\n".join(plot_lines(PLOT, Surface(width=60))).split()


def test_a_level_line_lies_in_the_row_of_its_value() -> None:
    lines = plot_lines(Plot("", "step", (0.0, 1.0), (Line("", (0.0, 0.0)),), 1.0), Surface(width=40))
    assert lines[0].startswith("1.0 ┤┄┄┄")
    assert sum("┄┄┄" in line for line in lines) == 1

from __future__ import annotations

import math
from xml.etree import ElementTree as ET

from bncli.renderers.svg_plot import curve_sample, level_sample, svg_plot
from bncli.reports.document import Line, Plot
from tests.helpers.documents import PLOT, hostile_document


def picture(plot: Plot) -> ET.Element:
    return ET.fromstring(svg_plot(plot))  # noqa: S314 - our own text


def points_of(polyline: ET.Element) -> list[tuple[float, float]]:
    return [tuple(map(float, point.split(","))) for point in polyline.get("points", "").split()]


def test_a_curve_is_one_line_through_all_its_points() -> None:
    curves = picture(PLOT).findall("polyline")
    assert [len(points_of(curve)) for curve in curves] == [len(PLOT.x)] * 2
    rising = points_of(curves[0])
    assert rising == sorted(rising)
    assert rising[0][1] > rising[-1][1]


def test_a_curve_has_gaps_and_a_point_between_them_is_a_dot() -> None:
    curve = Line("", (0.0, 1.0, math.nan, 2.0, math.inf, 1.0, 0.0))
    drawn = picture(Plot("", "", tuple(range(7)), (curve,)))
    assert [len(points_of(stretch)) for stretch in drawn.findall("polyline")] == [2, 2]
    assert len(drawn.findall("circle")) == 1


def test_curves_differ_in_colour_and_in_dashes() -> None:
    looks = [(curve.get("stroke"), curve.get("stroke-dasharray")) for curve in picture(PLOT).findall("polyline")]
    assert len({color for color, _ in looks}) == len({dashes for _, dashes in looks}) == 2
    assert curve_sample(0) != curve_sample(1) != level_sample()


def test_the_level_line_lies_between_values_above_and_below_it() -> None:
    drawn = picture(Plot("", "", (0.0, 1.0), (Line("", (0.0, 2.0)),), 1.0))
    level = next(path.get("d", "") for path in drawn.findall("path") if path.get("stroke-dasharray"))
    (_, low), (_, high) = points_of(drawn.findall("polyline")[0])
    assert float(level.split()[1].partition("H")[0]) == (low + high) / 2


def test_hostile_labels_stay_inside_of_texts() -> None:
    for block in hostile_document().blocks:
        if isinstance(block, Plot):
            assert picture(block).tag == "svg"


def test_a_plot_without_values_is_a_sentence() -> None:
    assert svg_plot(Plot("", "", (), ())).startswith("<p>nothing to draw")

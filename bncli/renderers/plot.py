"""Curves drawn with characters between two axes."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from bncli.renderers.ansi_style import paint, paint_curve
from bncli.renderers.axis import NOTHING_TO_DRAW, axes_of, finite_reference
from bncli.renderers.block_title import title_lines
from bncli.renderers.curve_dots import Grid
from bncli.renderers.numbers import write_ticks
from bncli.renderers.plot_cells import PlotCell, curve_marks, plot_cells
from bncli.renderers.plot_frame import MOST_TICKS, Frame

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bncli.renderers.base import Surface
    from bncli.reports.document import Plot

_WIDTH_WITHOUT_TERMINAL = 80
_WIDEST = 100
_NARROWEST_AREA = 16
_NUM_ROWS = 12


def plot_lines(plot: Plot, surface: Surface) -> list[str]:
    """Return the lines of a plot that is as wide as the surface, within reason."""
    titles = title_lines(plot.title, surface)
    frame = _frame(plot, surface)
    if frame is None:
        return [*titles, paint(NOTHING_TO_DRAW, "muted", color=surface.color)]
    marks = curve_marks(len(plot.lines), unicode=surface.unicode)
    under = [*frame.x_axis_lines(plot.x_label), *frame.legend_lines(plot, marks)]
    return [*titles, *_area_lines(plot, frame), *under]


def _frame(plot: Plot, surface: Surface) -> Frame | None:
    """Return the axes, and the largest area that the surface leaves; `None` if there is nothing to draw."""
    axes = axes_of(plot)
    if axes is None:
        return None
    x_axis, y_axis = axes
    labels = write_ticks(y_axis.ticks(MOST_TICKS), y_axis.step(MOST_TICKS))
    gutter = max(map(len, labels), default=0)
    width = min(_WIDTH_WITHOUT_TERMINAL if surface.width is None else surface.width, _WIDEST)
    num_columns = max(width - gutter - 2, _NARROWEST_AREA)
    return Frame(Grid(x_axis, y_axis, num_columns, _NUM_ROWS), gutter, surface)


def _area_lines(plot: Plot, frame: Frame) -> list[str]:
    grid = frame.grid
    cells = plot_cells(plot, grid, unicode=frame.surface.unicode)
    level = finite_reference(plot)
    level_row = None if level is None else grid.row(level)
    lines = []
    for row, edge in enumerate(frame.left_edges()):
        empty = PlotCell(frame.level_mark if row == level_row else " ", curve=None)
        in_row = [cells.get((column, row), empty) for column in range(grid.num_columns)]
        lines.append((edge + _painted(in_row, color=frame.surface.color)).rstrip())
    return lines


def _painted(cells: Sequence[PlotCell], *, color: bool) -> str:
    """Return the characters of a row, each run of one curve in its colour."""
    text = ""
    for curve, run in groupby(cells, key=lambda cell: cell.curve):
        characters = "".join(cell.character for cell in run)
        if curve is not None:
            text += paint_curve(characters, curve, color=color)
        elif characters.isspace():
            text += characters
        else:
            text += paint(characters, "muted", color=color)
    return text

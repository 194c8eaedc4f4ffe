"""Turns the dots of curves into characters: braille where the surface takes it, letters in ASCII."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from bncli.light_dataclass import dataclass
from bncli.renderers.curve_dots import Grid

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bncli.renderers.curve_dots import Curve, Dot
    from bncli.reports.document import Plot


@dataclass(frozen=True, slots=True)
class PlotCell:
    """One character of a plot."""

    character: str
    curve: int | None
    """Index of the line of the plot that it shows; `None` where there is none."""


Cells: TypeAlias = "dict[Dot, PlotCell]"

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_BRAILLE_BLANK = 0x2800
_BRAILLE_BITS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""The bit of each dot of a braille character, by row and column."""
_LETTER_DISTANCE = 12


def curve_marks(num_curves: int, *, unicode: bool) -> Sequence[str]:
    """Return the characters that name the curves, in the plot and in its legend: letters where there are several."""
    if num_curves == 1:
        return "•" if unicode else "*"
    return [_LETTERS[index % len(_LETTERS)] for index in range(num_curves)]


def plot_cells(plot: Plot, area: Grid, *, unicode: bool) -> Cells:
    """Return the characters of all curves by column and row of an area that has one dot for each character.

    Several curves bear their letters at places that alternate, so that they are told apart without colour, and where
    one covers another.
    """
    across, down = (2, 4) if unicode else (1, 1)
    grid = Grid(area.x_axis, area.y_axis, area.num_columns * across, area.num_rows * down)
    curves = [grid.curve(plot.x, line.y) for line in plot.lines]
    marks = curve_marks(len(curves), unicode=unicode)
    cells = _braille_cells(curves) if unicode else _mark_cells(curves, marks)
    for index, curve in enumerate(curves):
        marked = {(column // across, row // down) for column, row in curve.lonely}
        if len(curves) > 1:
            places = {(column // across, row // down) for column, row in curve.dots}
            marked |= _letter_places(places, index, len(curves))
        cells.update(dict.fromkeys(marked, PlotCell(marks[index], index)))
    return cells


def _braille_cells(curves: Sequence[Curve]) -> Cells:
    cells: Cells = {}
    for index, curve in enumerate(curves):
        for column, row in curve.dots:
            place = (column // 2, row // 4)
            below = cells.get(place)
            bits = ord(below.character) if below else _BRAILLE_BLANK
            bits |= _BRAILLE_BITS[row % 4][column % 2]
            cells[place] = PlotCell(chr(bits), below.curve if below else index)
    return cells


def _mark_cells(curves: Sequence[Curve], marks: Sequence[str]) -> Cells:
    return {dot: PlotCell(marks[index], index) for index, curve in enumerate(curves) for dot in curve.dots}


def _letter_places(places: Iterable[Dot], index: int, num_curves: int) -> set[Dot]:
    """Return where a curve bears its letter: each curve has columns of its own, at equal distances."""
    distance = max(_LETTER_DISTANCE, 3 * num_curves)
    first = distance // 2 + index * distance // num_curves
    lowest_rows = dict(sorted(places))
    return {(column, row) for column, row in lowest_rows.items() if (column - first) % distance == 0}

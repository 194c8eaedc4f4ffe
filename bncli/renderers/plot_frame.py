"""What stands around the curves of a plot: axes with ticks and values, and the legend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.light_dataclass import dataclass
from bncli.renderers.ansi_style import paint, paint_curve
from bncli.renderers.axis import finite_reference
from bncli.renderers.numbers import write_ticks
from bncli.renderers.text_width import cell_width
from bncli.renderers.visible_text import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bncli.renderers.base import Surface
    from bncli.renderers.curve_dots import Grid
    from bncli.reports.document import Plot

MOST_TICKS = 6
_ENTRY_GAP = "   "


@dataclass(frozen=True, slots=True)
class Frame:
    """The place of a plot's area on a surface."""

    grid: Grid
    """One dot for each character of the area."""
    gutter: int
    """Width of the values left of the area."""
    surface: Surface

    @property
    def level_mark(self) -> str:
        """The character of which the level line consists."""
        return "┄" if self.surface.unicode else "-"

    def left_edges(self) -> list[str]:
        """Return what stands left of each row of the area: the values at the ticks, and the axis."""
        ticks = self.grid.y_axis.ticks(MOST_TICKS)
        labels = write_ticks(ticks, self.grid.y_axis.step(MOST_TICKS))
        by_row = {self.grid.row(tick): label for tick, label in zip(ticks, labels, strict=True)}
        tick_mark, line = ("┤", "│") if self.surface.unicode else ("+", "|")
        labels_of_rows = [by_row.get(row) for row in range(self.grid.num_rows)]
        return [self._muted(f"{label or '':>{self.gutter}} {tick_mark if label else line}") for label in labels_of_rows]

    def x_axis_lines(self, x_label: str) -> list[str]:
        """Return the axis under the area, the values at its ticks, and what they are."""
        ticks = self.grid.x_axis.ticks(MOST_TICKS)
        corner, line, tick_mark = ("└", "─", "┬") if self.surface.unicode else ("+", "-", "+")
        columns = {self.grid.column(tick) for tick in ticks}
        axis = "".join(tick_mark if column in columns else line for column in range(self.grid.num_columns))
        label = visible(x_label, unicode=self.surface.unicode)
        margin = " " * max((self.grid.num_columns - cell_width(label)) // 2, 0)
        indent = " " * (self.gutter + 2)
        lines = [indent[:-1] + corner + axis, indent + self._tick_values(ticks), indent + margin + label]
        return [self._muted(line.rstrip()) for line in lines]

    def _tick_values(self, ticks: tuple[float, ...]) -> str:
        """Return the values centred under their ticks; one that would run into its neighbour is left out."""
        text = ""
        for tick, value in zip(ticks, write_ticks(ticks, self.grid.x_axis.step(MOST_TICKS)), strict=True):
            rightmost = max(self.grid.num_columns - len(value), 0)
            start = min(max(self.grid.column(tick) - len(value) // 2, 0), rightmost)
            if not text or start > len(text):
                text = text.ljust(start) + value
        return text

    def legend_lines(self, plot: Plot, marks: Sequence[str]) -> list[str]:
        """Return what the marks of the curves and the level line stand for, as many on a line as fit."""
        entries = [
            (mark, line.label, paint_curve(mark, index, color=self.surface.color))
            for index, (mark, line) in enumerate(zip(marks, plot.lines, strict=True))
            if line.label
        ]
        if finite_reference(plot) is not None and plot.reference_label:
            mark = self.level_mark * 2
            entries.append((mark, plot.reference_label, self._muted(mark)))
        indent = " " * (self.gutter + 2)
        lines: list[str] = []
        room = 0
        for mark, label, painted in entries:
            text = visible(label, unicode=self.surface.unicode)
            width = len(_ENTRY_GAP) + len(mark) + 1 + cell_width(text)
            if width > room:
                lines.append(f"{indent}{painted} {text}")
                room = len(_ENTRY_GAP) + self.grid.num_columns - width
            else:
                lines[-1] += f"{_ENTRY_GAP}{painted} {text}"
                room -= width
        return lines

    def _muted(self, text: str) -> str:
        return paint(text, "muted", color=self.surface.color)

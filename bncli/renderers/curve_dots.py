"""Turns the curves of a plot into dots on a grid."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bncli.renderers.axis import Axis

Dot: TypeAlias = tuple[int, int]
"""Column from the left and row from the top."""


@dataclass(frozen=True, slots=True)
class Curve:
    """The dots of one curve."""

    dots: frozenset[Dot]
    lonely: frozenset[Dot]
    """Those among them that stand between two gaps: too small to be seen as they are."""


@dataclass(frozen=True, slots=True)
class Grid:
    """A rectangle of dots under two axes."""

    x_axis: Axis
    y_axis: Axis
    num_columns: int
    num_rows: int

    def column(self, x: float) -> int:
        """Return the column of a value of the x axis."""
        return round(self.x_axis.fraction(x) * (self.num_columns - 1))

    def row(self, y: float) -> int:
        """Return the row of a value of the y axis; the greatest value is in row 0."""
        return round((1 - self.y_axis.fraction(y)) * (self.num_rows - 1))

    def curve(self, x: Sequence[float], y: Sequence[float]) -> Curve:
        """Return a curve: neighbouring points are connected, values that are not finite leave gaps."""
        points = [
            (self.column(at), self.row(value)) if math.isfinite(at) and math.isfinite(value) else None
            for at, value in zip(x, y, strict=True)
        ]
        dots = {point for point in points if point is not None}
        for start, end in pairwise(points):
            if start is not None and end is not None:
                dots.update(_dots_between(start, end))
        neighbours = zip([None, *points], points, [*points[1:], None], strict=False)
        lonely = {point for before, point, after in neighbours if point and before is None and after is None}
        return Curve(frozenset(dots), frozenset(lonely))


def _dots_between(start: Dot, end: Dot) -> list[Dot]:
    (column, row), (last_column, last_row) = start, end
    num_steps = max(abs(last_column - column), abs(last_row - row))
    return [
        (column + round((last_column - column) * step / num_steps), row + round((last_row - row) * step / num_steps))
        for step in range(1, num_steps)
    ]

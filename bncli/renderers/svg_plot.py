"""Curves as an SVG picture inside of an HTML page."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from bncli.renderers.axis import axes_of
from bncli.renderers.html_text import escaped
from bncli.renderers.numbers import write_ticks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bncli.renderers.axis import Axis
    from bncli.reports.document import Plot

_WIDTH, _HEIGHT = 720, 310
_LEFT, _RIGHT, _TOP, _BOTTOM = 90, 700, 10, 260
"""The edges of the area between the axes, in the picture's units."""
_MOST_TICKS = 6


def svg_plot(plot: Plot) -> str:
    """Return a plot as one `svg` element, whose looks are the page's; a sentence if there is nothing to draw."""
    axes = axes_of(plot)
    if axes is None:
        return "<p>nothing to draw: no value is finite</p>"
    picture = _Picture(*axes)
    parts = [
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escaped(plot.title)}">',
        *picture.ticks(),
        f'<path class="axis" d="M{_LEFT} {_TOP}V{_BOTTOM}H{_RIGHT}"/>',
        f'<text class="below" x="{(_LEFT + _RIGHT) // 2}" y="{_HEIGHT - 8}">{escaped(plot.x_label)}</text>',
    ]
    if plot.reference is not None:
        parts.append(f'<path class="level" d="M{_LEFT} {picture.down(plot.reference):.1f}H{_RIGHT}"/>')
    for index, line in enumerate(plot.lines):
        parts += picture.curve(plot.x, line.y, index)
    return "\n".join([*parts, "</svg>"])


@dataclass(frozen=True, slots=True)
class _Picture:
    x_axis: Axis
    y_axis: Axis

    def across(self, x: float) -> float:
        return _LEFT + self.x_axis.fraction(x) * (_RIGHT - _LEFT)

    def down(self, y: float) -> float:
        return _BOTTOM - self.y_axis.fraction(y) * (_BOTTOM - _TOP)

    def ticks(self) -> Iterator[str]:
        """Yield a short line and a value at each tick of both axes."""
        ticks = self.x_axis.ticks(_MOST_TICKS)
        for tick, text in zip(ticks, write_ticks(ticks, self.x_axis.step(_MOST_TICKS)), strict=True):
            x = self.across(tick)
            yield f'<path class="axis" d="M{x:.1f} {_BOTTOM}v5"/>'
            yield f'<text class="below" x="{x:.1f}" y="{_BOTTOM + 20}">{text}</text>'
        ticks = self.y_axis.ticks(_MOST_TICKS)
        for tick, text in zip(ticks, write_ticks(ticks, self.y_axis.step(_MOST_TICKS)), strict=True):
            y = self.down(tick)
            yield f'<path class="axis" d="M{_LEFT} {y:.1f}h-5"/>'
            yield f'<text class="beside" x="{_LEFT - 9}" y="{y + 4:.1f}">{text}</text>'

    def curve(self, x: tuple[float, ...], y: tuple[float, ...], index: int) -> Iterator[str]:
        """Yield a line for each stretch of finite values, and a dot for a stretch of one."""
        points = zip(x, y, strict=True)
        for is_finite, stretch in groupby(points, key=lambda point: all(map(math.isfinite, point))):
            if not is_finite:
                continue
            places = [f"{self.across(at):.1f},{self.down(value):.1f}" for at, value in stretch]
            if len(places) == 1:
                cx, cy = places[0].split(",")
                yield f'<circle class="curve{index}" cx="{cx}" cy="{cy}" r="3"/>'
            else:
                yield f'<polyline class="curve{index}" points="{" ".join(places)}"/>'

"""Curves as an SVG picture inside of an HTML page."""

from __future__ import annotations

import math
from itertools import groupby
from typing import TYPE_CHECKING

from bncli.light_dataclass import dataclass
from bncli.renderers.axis import NOTHING_TO_DRAW, axes_of, finite_reference
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
_COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
"""Told apart with any kind of colour vision (Okabe and Ito)."""
_DASHES = ("none", "9 3", "2 2", "9 3 2 3")
_FRAME_LOOKS = 'fill="none" stroke="currentColor" opacity="0.6"'
_LEVEL_LOOKS = f'{_FRAME_LOOKS} stroke-dasharray="2 3"'
_TEXT_LOOKS = 'fill="currentColor" font-size="12"'


def svg_plot(plot: Plot) -> str:
    """Return a plot as one `svg` element; a sentence if there is nothing to draw."""
    axes = axes_of(plot)
    if axes is None:
        return f"<p>{NOTHING_TO_DRAW}</p>"
    picture = _Picture(*axes)
    parts = [
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escaped(plot.title)}">',
        f'<path d="M{_LEFT} {_TOP}V{_BOTTOM}H{_RIGHT}" {_FRAME_LOOKS}/>',
        *picture.ticks(),
        _text((_LEFT + _RIGHT) / 2, _HEIGHT - 8, "middle", escaped(plot.x_label)),
    ]
    level = finite_reference(plot)
    if level is not None:
        parts.append(f'<path d="M{_LEFT} {picture.down(level):.1f}H{_RIGHT}" {_LEVEL_LOOKS}/>')
    for index, line in enumerate(plot.lines):
        parts += picture.curve(plot.x, line.y, _curve_looks(index))
    return "\n".join([*parts, "</svg>"])


def curve_sample(index: int) -> str:
    """Return a short piece of the curve of an index, for the legend."""
    return _sample(_curve_looks(index))


def level_sample() -> str:
    """Return a short piece of the level line, for the legend."""
    return _sample(_LEVEL_LOOKS)


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
            yield f'<path d="M{x:.1f} {_BOTTOM}v5" {_FRAME_LOOKS}/>{_text(x, _BOTTOM + 20, "middle", text)}'
        ticks = self.y_axis.ticks(_MOST_TICKS)
        for tick, text in zip(ticks, write_ticks(ticks, self.y_axis.step(_MOST_TICKS)), strict=True):
            y = self.down(tick)
            yield f'<path d="M{_LEFT} {y:.1f}h-5" {_FRAME_LOOKS}/>{_text(_LEFT - 9, y + 4, "end", text)}'

    def curve(self, x: tuple[float, ...], y: tuple[float, ...], looks: str) -> Iterator[str]:
        """Yield a line for each stretch of finite values, and a dot for a stretch of one."""
        points = zip(x, y, strict=True)
        for is_finite, stretch in groupby(points, key=lambda point: all(map(math.isfinite, point))):
            if not is_finite:
                continue
            places = [(self.across(at), self.down(value)) for at, value in stretch]
            if len(places) == 1:
                yield f'<circle cx="{places[0][0]:.1f}" cy="{places[0][1]:.1f}" r="2" {looks}/>'
            else:
                yield f'<polyline points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in places)}" {looks}/>'


def _curve_looks(index: int) -> str:
    color, dashes = _COLORS[index % len(_COLORS)], _DASHES[index % len(_DASHES)]
    return f'fill="none" stroke="{color}" stroke-width="1.5" stroke-dasharray="{dashes}"'


def _text(x: float, y: float, anchor: str, text: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {_TEXT_LOOKS}>{text}</text>'


def _sample(looks: str) -> str:
    return f'<svg width="36" height="10" viewBox="0 0 36 10"><path d="M0 5H36" {looks}/></svg>'

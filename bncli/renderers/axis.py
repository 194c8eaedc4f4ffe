"""The axes of a plot: from values to places on them, and the round values at which they have ticks."""

from __future__ import annotations

import math
import sys
from itertools import chain
from typing import TYPE_CHECKING

from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bncli.reports.document import Plot

NOTHING_TO_DRAW = "nothing to draw: no value is finite"

_ROUND_STEPS = (1.0, 2.0, 5.0, 10.0)
_FLATTEST = 1e-12
"""A range that is narrower than this part of its values is one value with rounding noise."""
_NARROWEST = 1e-300
"""Where doubles run out of digits there is nothing left to divide into steps."""


@dataclass(frozen=True, slots=True)
class Axis:
    """A range of values, drawn from one end of the axis to the other."""

    low: float
    high: float
    """Greater than `low`."""

    def fraction(self, value: float) -> float:
        """Return where a finite value of the range lies, from 0 at the low end to 1 at the high end."""
        scale = max(abs(self.low), abs(self.high))  # the range of the largest floats is no float
        return (value / scale - self.low / scale) / (self.high / scale - self.low / scale)

    def step(self, most: int) -> float:
        """Return the round distance (1, 2 or 5 times a power of ten) that puts at most so many ticks on the axis."""
        rough = self.high / most - self.low / most
        power = 10.0 ** math.floor(math.log10(rough))
        return next(factor * power for factor in _ROUND_STEPS if factor * power >= rough * (1 - _FLATTEST))

    def ticks(self, most: int) -> tuple[float, ...]:
        """Return the multiples of the step that lie on the axis."""
        step = self.step(most)
        first, last = math.ceil(self.low / step - _FLATTEST), math.floor(self.high / step + _FLATTEST)
        return tuple(multiple * step for multiple in range(first, last + 1))


def axis_over(values: Iterable[float]) -> Axis | None:
    """Return the axis from the least to the greatest finite value, widened around a single one; `None` for no value."""
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return None
    low, high = min(finite), max(finite)
    size = max(abs(low), abs(high))
    if high / 2 - low / 2 > max(_FLATTEST * size, _NARROWEST):
        return Axis(low, high)
    margin = max(size / 2, 2 * _NARROWEST) if size else 1.0
    largest = sys.float_info.max
    return Axis(max(low - margin, -largest), min(high + margin, largest))


def finite_reference(plot: Plot) -> float | None:
    """Return the value of the level line; `None` where there is none, or none that could be drawn."""
    is_drawable = plot.reference is not None and math.isfinite(plot.reference)
    return plot.reference if is_drawable else None


def axes_of(plot: Plot) -> tuple[Axis, Axis] | None:
    """Return the x axis, and the y axis over all curves and the reference; `None` if there is nothing to draw."""
    level = () if plot.reference is None else (plot.reference,)
    x_axis, y_axis = axis_over(plot.x), axis_over(chain(level, *(line.y for line in plot.lines)))
    return None if x_axis is None or y_axis is None else (x_axis, y_axis)

"""How the values of columns are written: by their kind, with units, and what is missing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bncli.renderers.sparkline import sparkline
from bncli.renderers.text_width import MISSING
from bncli.renderers.visible_text import visible
from bncli.reports.document import Series
from bncli.wording import number

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bncli.reports.document import ColumnKind, Value


def write_integer(value: int | float) -> str:
    """Return a whole number with thousands separators; a counter that averaging made fractional, as a number."""
    if isinstance(value, float) and not value.is_integer():
        return number(value)
    return f"{int(value):,}"


def write_flag(value: float) -> str:
    """Return a truth value as a word."""
    return "yes" if value else "no"


_WRITERS: dict[ColumnKind, Callable[[float], str]] = {
    "text": str,
    "integer": write_integer,
    "number": number,
    "flag": write_flag,
    "sentence": str,
    "series": number,
}


def kind_of(value: Value) -> ColumnKind:
    """Return how a value is written where no column says so."""
    if isinstance(value, bool):
        return "flag"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, Series):
        return "series"
    return "number" if isinstance(value, float) else "text"


def write_value(value: Value, kind: ColumnKind, *, unicode: bool = True) -> str:
    """Return a value for people, in one line; a text in a column of numbers stays a text."""
    if value is None:
        return MISSING if unicode else "-"
    if isinstance(value, str):
        return visible(value, unicode=unicode)
    if isinstance(value, Series):
        return sparkline(value.values, unicode=unicode)
    return _WRITERS[kind](value)


def write_ticks(ticks: Sequence[float], step: float) -> list[str]:
    """Return the values beside an axis, with the digits that tell each from the next one, a step away."""
    decimals = max(-math.floor(math.log10(step)), 0)
    fixed = [f"{tick + 0.0:,.{decimals}f}" for tick in ticks]
    scientific = [_write_scientific_tick(tick, step) for tick in ticks]
    return min(fixed, scientific, key=lambda texts: max(map(len, texts), default=0))


def _write_scientific_tick(tick: float, step: float) -> str:
    if abs(tick) < step / 2:
        return "0"
    digits = max(math.floor(math.log10(abs(tick))) - math.floor(math.log10(step)), 0)
    return f"{tick:.{digits}e}"

"""Which rows and columns of a table are shown, and in which order."""

from __future__ import annotations

import math
from operator import itemgetter
from typing import TYPE_CHECKING, Generic, TypeVar

from bncli.errors import InvalidUsage, near_miss
from bncli.light_dataclass import dataclass
from bncli.reports.document import Cell, Column, Document, Series, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bncli.reports.document import ColumnKind, Value

Item = TypeVar("Item")


@dataclass(frozen=True)
class Field(Generic[Item]):
    """A column together with where its value comes from: one list of these feeds tables, csv, sorting and help."""

    column: Column
    value: Callable[[Item], Value | Cell]
    rank: Callable[[Item], int] | None = None
    """What sorting goes by where it is not the value, as with words that have an order of their own."""


def field_of(
    key: str,
    title: str,
    kind: ColumnKind,
    meaning: str,
    priority: int,
    value: Callable[[Item], Value | Cell],
    unit: str = "",
) -> Field[Item]:
    """Return a field by what its column has and where its value comes from."""
    return Field(Column(key, title, kind, meaning, unit, priority), value)


@dataclass(frozen=True, slots=True)
class Arrangement:
    """What the options say about rows and columns."""

    sort: str | None = None
    """Key of the column to sort by, with a leading `-` for descending; `None` keeps the order of the file."""
    top: int | None = None
    """How many rows to keep: the first after sorting, the worst where no sorting is asked for; `None` keeps all."""
    columns: tuple[str, ...] = ()
    """Keys of the columns to show, in order; none shows them all."""


def require_known(arrangement: Arrangement, fields: Sequence[Field[Item]]) -> None:
    """Refuse an arrangement that names a column which a table does not have.

    Raises:
        InvalidUsage: it does.
    """
    sort_keys = () if arrangement.sort is None else (arrangement.sort.removeprefix("-"),)
    for key in (*sort_keys, *arrangement.columns):
        _field(fields, key)


def arranged(
    items: Sequence[Item],
    fields: Sequence[Field[Item]],
    arrangement: Arrangement,
    worst_first: Callable[[Item], tuple[float, ...]],
) -> list[Item]:
    """Return the items that are shown, in order.

    Raises:
        InvalidUsage: the column to sort by does not exist.
    """
    if arrangement.sort is not None:
        key = arrangement.sort.removeprefix("-")
        items = _sorted(items, _field(fields, key), is_descending=arrangement.sort.startswith("-"))
    elif arrangement.top is not None:
        items = sorted(items, key=worst_first)
    return list(items[: arrangement.top])


def table_of(items: Sequence[Item], fields: Sequence[Field[Item]], columns: Sequence[str], footer: str = "") -> Table:
    """Return a table of items with the columns of the given keys, in their order.

    Raises:
        InvalidUsage: one of the columns does not exist.
    """
    chosen = [_field(fields, key) for key in columns]
    rows = tuple(tuple(field.value(item) for field in chosen) for item in items)
    return Table(tuple(field.column for field in chosen), rows, footer=footer)


def _field(fields: Sequence[Field[Item]], key: str) -> Field[Item]:
    by_key = {field.column.key: field for field in fields}
    if key not in by_key:
        raise InvalidUsage(f"unknown column {key!r}", hint=near_miss(key, by_key) + " (--columns help lists them)")
    return by_key[key]


def _sorted(items: Sequence[Item], field: Field[Item], *, is_descending: bool) -> list[Item]:
    """Return the items by one column, those without a value last in either direction."""

    def raw(item: Item) -> Value:
        if field.rank is not None:
            return field.rank(item)
        value = field.value(item)
        return value.value if isinstance(value, Cell) else value

    keyed = [(raw(item), item) for item in items]
    valued = [pair for pair in keyed if not _is_missing(pair[0])]
    valued.sort(key=itemgetter(0), reverse=is_descending)
    return [item for _, item in valued] + [item for key, item in keyed if _is_missing(key)]


def _is_missing(value: Value) -> bool:
    if isinstance(value, Series):
        return _is_missing(value.values[-1])  # which series sort by
    return value is None or (isinstance(value, float) and math.isnan(value))


def columns_document(fields: Sequence[Field[Item]]) -> Document:
    """Return what `--columns help` shows: every column with its unit and meaning."""
    columns = (
        Column("column", "column", "text", "its key for --columns, --sort and csv"),
        Column("unit", "unit", "text", "unit of its values"),
        Column("meaning", "meaning", "text", "what its values are"),
    )
    rows = tuple((field.column.key, field.column.unit or None, field.column.meaning) for field in fields)
    record = {"columns": [dict(zip(("column", "unit", "meaning"), row, strict=True)) for row in rows]}
    return Document("columns", (Table(columns, rows),), record)

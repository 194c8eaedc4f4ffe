"""The report of `inspect tensor`: the statistics of each channel of one array."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from bncli.light_dataclass import dataclass
from bncli.reports.arrangement import Arrangement, Field, arranged, table_of
from bncli.reports.document import Cell, Column, Document, KeyValues
from bncli.wording import part_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bncli.analysis.tensor_statistics import TensorStatistics


@dataclass(frozen=True, slots=True)
class _Row:
    channel: int
    mean: float
    biased_var: float
    unbiased_var: float
    min: float
    max: float
    num_nan: int
    num_inf: int

    def worst_first(self) -> tuple[float, ...]:
        return (-self.num_nan - self.num_inf, self.biased_var)


TENSOR_FIELDS: tuple[Field[_Row], ...] = (
    Field(Column("channel", "channel", "integer", "index of the channel, from 0"), lambda row: row.channel),
    Field(Column("mean", "mean", "number", "mean over batch and space", priority=1), lambda row: row.mean),
    Field(
        Column("biased_var", "var (ddof 0)", "number", "variance with ddof 0: what training divides by", priority=2),
        lambda row: row.biased_var,
    ),
    Field(
        Column("unbiased_var", "var (ddof 1)", "number", "variance with ddof 1: what PyTorch stores", priority=2),
        lambda row: row.unbiased_var,
    ),
    Field(Column("min", "min", "number", "smallest finite value", priority=3), lambda row: row.min),
    Field(Column("max", "max", "number", "largest finite value", priority=3), lambda row: row.max),
    Field(Column("num_nan", "NaN", "integer", "values that are NaN", priority=4), lambda row: _count(row.num_nan)),
    Field(Column("num_inf", "inf", "integer", "values that are infinite", priority=4), lambda row: _count(row.num_inf)),
)


def _count(number: int) -> Cell:
    return Cell(number, "bad" if number else "muted")


def tensor_document(statistics: TensorStatistics, arrangement: Arrangement) -> Document:
    """Return the statistics of an array's channels.

    Raises:
        InvalidUsage: a column asked for does not exist.
    """
    tensor, layout = statistics.tensor, statistics.layout
    facts = KeyValues(
        (
            ("file", str(tensor.path)),
            ("array", tensor.spec.name),
            ("shape", " x ".join(map(str, layout.shape))),
            ("dtype", tensor.spec.dtype),
            ("channel axis", layout.channel_axis),
            ("values per channel", layout.values_per_channel),
        )
    )
    rows = _rows(statistics)
    shown = arranged(rows, TENSOR_FIELDS, arrangement, lambda row: row.worst_first())
    columns = arrangement.columns or tuple(field.column.key for field in TENSOR_FIELDS)
    footer = part_of(len(shown), len(rows), "channel")
    return Document("tensor", (facts, table_of(shown, TENSOR_FIELDS, columns, footer)), _record(statistics, shown))


def _rows(statistics: TensorStatistics) -> list[_Row]:
    moments, value_range = statistics.moments, statistics.value_range
    columns = (
        moments.mean,
        moments.biased_var,
        moments.unbiased_var,
        value_range.minimum,
        value_range.maximum,
        value_range.num_nan,
        value_range.num_inf,
    )
    return [
        _Row(channel, *values)
        for channel, values in enumerate(zip(*(column.tolist() for column in columns), strict=True))
    ]


def _record(statistics: TensorStatistics, shown: Sequence[_Row]) -> dict[str, Any]:
    tensor, layout = statistics.tensor, statistics.layout
    return {
        "path": str(tensor.path),
        "array": tensor.spec.name,
        "shape": list(layout.shape),
        "dtype": tensor.spec.dtype,
        "channel_axis": layout.channel_axis,
        "count": layout.values_per_channel,
        "channels": {each.name: [getattr(row, each.name) for row in shown] for each in fields(_Row)},
    }

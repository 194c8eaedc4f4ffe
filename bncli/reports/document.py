"""The document: what a command has to say, as raw values without styling, for any renderer."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

ColumnKind = Literal["text", "integer", "number", "flag", "sentence", "series"]
"""How values of a column are written: `number` with four significant digits, `sentence` below its row where the format
cannot wrap it inside of a cell, `series` as a sparkline."""

Tone = Literal["plain", "good", "notice", "bad", "muted"]
"""How a value strikes the reader; colour follows it, and a word beside it always says the same."""


@dataclass(frozen=True, slots=True)
class Series:
    """Values of one quantity over the files or steps of a run; series sort by their last value."""

    values: tuple[float, ...]
    """One or more; not-finite ones are drawn as such."""

    def __lt__(self, other: Series) -> bool:
        return self.values[-1] < other.values[-1]


Value: TypeAlias = str | int | float | bool | Series | None
"""A raw value; `None` is a value that the file does not hold."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: a single list of these feeds the table, csv, `--columns help` and the docs."""

    key: str
    """Its name on the command line and in csv."""
    title: str
    """Its heading in tables."""
    kind: ColumnKind
    meaning: str
    """One phrase: what the values are, with convention (ddof, whose momentum)."""
    unit: str = ""
    """Unit of the values; empty where they have none."""
    priority: int = 0
    """On a narrow terminal columns of the highest number are dropped first; 0 is never dropped."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A value with a tone; a bare value in a row is a plain one."""

    value: Value
    tone: Tone = "plain"


Row: TypeAlias = tuple[Value | Cell, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under columns. The first table of a document is what csv holds."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    title: str = ""
    footer: str = ""
    """One line under the table, such as how many rows are not shown; empty for none."""


@dataclass(frozen=True, slots=True)
class KeyValues:
    """Facts about the whole, one a line: label and value."""

    pairs: tuple[tuple[str, Value | Cell], ...]
    title: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One curve of a plot."""

    label: str
    y: tuple[float, ...]
    """Values at the plot's `x`; not-finite ones are gaps."""


@dataclass(frozen=True, slots=True)
class Plot:
    """Curves over a common x axis, drawn with characters."""

    title: str
    x_label: str
    x: tuple[float, ...]
    lines: tuple[Line, ...]
    reference: float | None = None
    """A value drawn as a level line, such as the population's; `None` for none."""
    reference_label: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence for the reader, such as an assumption or a caveat."""

    text: str
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Prose:
    """Text to be read from start to end."""

    paragraphs: tuple[str, ...]
    title: str = ""


@dataclass(frozen=True, slots=True)
class Code:
    """Lines of a program, to be copied as they are."""

    text: str
    language: str = "text"
    """As Markdown names it, such as `python`."""


Block: TypeAlias = Table | KeyValues | Plot | Note | Prose | Code


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """Everything that one run of a command shows."""

    kind: str
    """Names the JSON schema: `bncli/<kind>/1`."""
    blocks: tuple[Block, ...]
    """For people, in reading order."""
    record: Mapping[str, Any] = field(default_factory=dict)
    """For programs: mappings, sequences, NumPy arrays and scalars, all in full precision."""
    full_table: Table | None = None
    """What csv holds where the blocks show less; `None` is their first table."""

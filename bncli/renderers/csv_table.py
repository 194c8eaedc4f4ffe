"""The format `csv`: a document's table with every number in full precision, for programs and spreadsheets."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING
from unicodedata import normalize

from bncli.errors import InvalidUsage
from bncli.renderers.base import Renderer
from bncli.renderers.visible_text import visible
from bncli.reports.document import Cell, Series, Table

if TYPE_CHECKING:
    from bncli.renderers.base import Surface
    from bncli.reports.document import Document, Value

_FORMULA_STARTS = frozenset("=+-@")
"""With one of these, or with its full-width twin, a spreadsheet takes a text for a formula."""


def render(document: Document, surface: Surface) -> str:  # noqa: ARG001 - the same text on every surface
    """Return a line of column keys and a line for each row. A missing value is empty, NaN is `nan`.

    Raises:
        InvalidUsage: the document has no table.
    """
    table = document.full_table or next((block for block in document.blocks if isinstance(block, Table)), None)
    if table is None:
        raise InvalidUsage("this result has no table that csv could hold", hint="--format json holds all of it")
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow([_written(column.key) for column in table.columns])
    for row in table.rows:
        lines.writerow([_written(cell.value if isinstance(cell, Cell) else cell) for cell in row])
    return text.getvalue()


def _written(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        text = visible(value)
        return f"'{text}" if normalize("NFKC", text[:1]) in _FORMULA_STARTS else text
    if isinstance(value, Series):
        return " ".join(map(str, value.values))
    return str(value)


RENDERER = Renderer(name="csv", suffixes=(".csv",), render=render, draws_plots=False)

"""From the options --sort, --top and --columns to the arrangement of a table."""

from __future__ import annotations

from bncli.reports.arrangement import Arrangement


def shows_columns_help(columns: str | None) -> bool:
    """Return whether `--columns help` asks for the list of columns instead of a result."""
    return columns == "help"


def arrangement(sort: str | None, top: int | None, columns: str | None) -> Arrangement:
    """Return what the options ask for."""
    keys = tuple(key.strip() for key in columns.split(",") if key.strip()) if columns else ()
    return Arrangement(sort, top, keys)

"""From the options --sort, --top and --columns to the arrangement of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bncli.reports.arrangement import Arrangement, require_known

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bncli.reports.arrangement import Field


def shows_columns_help(columns: str | None) -> bool:
    """Return whether `--columns help` asks for the list of columns instead of a result."""
    return columns == "help"


def arrangement(sort: str | None, top: int | None, columns: str | None, fields: Sequence[Field[Any]]) -> Arrangement:
    """Return what the options ask for. Made before any computing, so that a wrong one is told at once.

    Args:
        sort: of `--sort`.
        top: of `--top`.
        columns: of `--columns`.
        fields: those that the table has.

    Raises:
        InvalidUsage: a column to sort by or to show is none of these.
    """
    keys = tuple(key.strip() for key in columns.split(",") if key.strip()) if columns else ()
    asked = Arrangement(sort, top, keys)
    require_known(asked, fields)
    return asked

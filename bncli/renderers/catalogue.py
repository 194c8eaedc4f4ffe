"""The output formats that bncli writes, in the order in which help lists them; the first one is the default."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.core.table_on_demand import TableOnDemand

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bncli.renderers.base import Renderer

RENDERERS: Sequence[Renderer] = TableOnDemand(
    "bncli.renderers",
    (
        "terminal.RENDERER",
        "json_document.RENDERER",
        "csv_table.RENDERER",
        "markdown.RENDERER",
        "html_page.RENDERER",
        "github.RENDERER",
        "sarif.RENDERER",
    ),
)

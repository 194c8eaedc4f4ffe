"""The output formats that bncli writes, by name, in the order in which help lists them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.core.table_on_demand import NamedOnDemand

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bncli.renderers.base import Renderer

RENDERERS: Mapping[str, Renderer] = NamedOnDemand(
    "bncli.renderers",
    {
        "table": "terminal.RENDERER",
        "json": "json_document.RENDERER",
        "csv": "csv_table.RENDERER",
        "markdown": "markdown.RENDERER",
        "html": "html_page.RENDERER",
        "github": "github.RENDERER",
        "sarif": "sarif.RENDERER",
    },
)

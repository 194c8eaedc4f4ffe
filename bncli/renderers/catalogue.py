"""The output formats that bncli writes, in the order in which help lists them; the first one is the default."""

from __future__ import annotations

from bncli.renderers import csv_table, github, html_page, json_document, markdown, sarif, terminal

RENDERERS = (
    terminal.RENDERER,
    json_document.RENDERER,
    csv_table.RENDERER,
    markdown.RENDERER,
    html_page.RENDERER,
    github.RENDERER,
    sarif.RENDERER,
)

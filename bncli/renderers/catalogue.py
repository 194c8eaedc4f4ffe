"""The output formats that bncli writes, in the order in which help lists them."""

from __future__ import annotations

from bncli.renderers import json_document, terminal

RENDERERS = (terminal.RENDERER, json_document.RENDERER)

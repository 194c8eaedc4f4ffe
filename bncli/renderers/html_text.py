"""Writes text so that a browser shows it as it is."""

from __future__ import annotations

import html

from bncli.renderers.visible_text import visible


def escaped(text: str) -> str:
    """Return a text for the content of an element or for an attribute, without markup and all of it visible."""
    return html.escape(visible(text))

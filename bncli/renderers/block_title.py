"""The heading over a table, a list of facts or a plot in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.renderers.ansi_style import paint
from bncli.renderers.text_width import wrap
from bncli.renderers.visible_text import visible

if TYPE_CHECKING:
    from bncli.renderers.base import Surface


def title_lines(title: str, surface: Surface) -> list[str]:
    """Return the title in bold, wrapped to the surface; no line at all for an empty one."""
    if not title:
        return []
    lines = wrap(visible(title, unicode=surface.unicode), surface.width)
    return [paint(line, "heading", color=surface.color) for line in lines]

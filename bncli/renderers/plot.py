"""Curves drawn with characters."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bncli.renderers.base import Surface
    from bncli.reports.document import Plot


def plot_lines(plot: Plot, surface: Surface) -> list[str]:
    """Return the lines of a plot."""
    raise NotImplementedError

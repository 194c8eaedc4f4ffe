from __future__ import annotations

from bncli.renderers.base import Surface
from bncli.renderers.block_title import title_lines


def test_an_empty_title_takes_no_line() -> None:
    assert title_lines("", Surface()) == []


def test_a_title_is_bold_where_there_is_colour() -> None:
    assert title_lines("Layers", Surface(color=True)) == ["\x1b[1mLayers\x1b[0m"]
    assert title_lines("Layers", Surface()) == ["Layers"]


def test_a_title_is_wrapped_to_the_surface_and_made_visible() -> None:
    assert title_lines("Layers of é\n", Surface(width=9, unicode=False)) == ["Layers of", r"\xe9\n"]

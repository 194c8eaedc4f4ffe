"""What every output format promises that shows all kinds of documents."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest

from bncli.renderers.base import Renderer, Surface
from bncli.renderers.catalogue import RENDERERS as ALL_RENDERERS
from bncli.reports.document import Column, Document, KeyValues, Line, Note, Plot, Table
from tests.helpers.documents import HOSTILE_TEXTS, SMALL, hostile_document

SURFACES = [
    Surface(width=width, color=color, unicode=unicode)
    for width in (None, 20, 60, 80)
    for color in (False, True)
    for unicode in (False, True)
]
RENDERERS = [renderer for renderer in ALL_RENDERERS.values() if renderer.only_kind is None]
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
every_renderer = pytest.mark.parametrize("renderer", RENDERERS, ids=lambda renderer: renderer.name)
every_surface = pytest.mark.parametrize("surface", SURFACES, ids=str)


@every_renderer
@every_surface
def test_the_text_ends_with_one_newline_and_is_the_same_every_time(renderer: Renderer, surface: Surface) -> None:
    text = renderer.render(SMALL, surface)
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert renderer.render(SMALL, surface) == text


@every_renderer
@every_surface
def test_a_hostile_text_leaves_nothing_that_a_terminal_obeys(renderer: Renderer, surface: Surface) -> None:
    text = renderer.render(hostile_document(), surface)
    if surface.color and renderer.name == "table":
        text = COLOUR.sub("", text)
    assert [line for line in text.split("\n") if not line.isprintable()] == []


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_a_hostile_text_starts_no_line_of_its_own(text: str) -> None:
    def num_lines(name: str) -> int:
        table = Table((Column("name", "name", "text", ""),), ((name,),))
        blocks = (table, KeyValues((("a", name),)), Note(name))
        texts = [renderer.render(Document("x", blocks, {"a": name}), Surface()) for renderer in RENDERERS]
        return sum(rendered.count("\n") for rendered in texts)

    assert num_lines(text) == num_lines("bn1")


@every_renderer
@every_surface
def test_a_text_can_be_encoded(renderer: Renderer, surface: Surface) -> None:
    text = renderer.render(hostile_document(), surface)
    assert text.encode("utf-8")
    if renderer.name == "table" and not surface.unicode:
        assert text.isascii()


@every_renderer
def test_there_is_no_escape_sequence_without_colour(renderer: Renderer) -> None:
    assert "\x1b" not in renderer.render(SMALL, Surface(color=False))


@every_renderer
@every_surface
def test_tables_without_rows_and_plots_without_curves_are_rendered(renderer: Renderer, surface: Surface) -> None:
    blocks = (
        Table(SMALL.blocks[1].columns, ()),
        Table((), ()),
        KeyValues(()),
        Plot("empty", "step", (), ()),
        Plot("no curve", "step", (0.0, 1.0), ()),
        Plot("no value", "step", (0.0,), (Line("a", (math.nan,)),)),
        Note(""),
    )
    assert renderer.render(Document("x", blocks), surface)


@every_renderer
@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf, -0.0, 5e-324, 1.7e308, 10**30, True, "text"])
@pytest.mark.parametrize("kind", ["number", "integer", "flag", "text"])
def test_every_value_can_stand_in_every_column(renderer: Renderer, value: object, kind: str) -> None:
    table = Table((Column("x", "x", kind, ""),), ((value,),))
    assert renderer.render(Document("x", (table, KeyValues((("x", value),)))), Surface())


@every_renderer
@pytest.mark.parametrize(
    "y",
    [(1.0, 1.0, 1.0), (0.0, 0.0, 0.0), (math.nan, 2.0, math.inf), (-1.7e308, 0.0, 1.7e308), (0.0, 5e-324, 1e-323),
     (1e15, 1e15 + 1, 1e15 + 2), (-1.0, math.nan, -2.0)],
)  # fmt: skip
def test_every_curve_can_be_drawn(renderer: Renderer, y: tuple[float, ...]) -> None:
    plot = Plot("p", "step", (0.0, 1.0, 2.0), (Line("a", y), Line("b", y[::-1])), reference=y[1])
    for surface in SURFACES:
        assert renderer.render(replace(SMALL, blocks=(SMALL.blocks[1], plot)), surface)

from __future__ import annotations

from html.parser import HTMLParser
from typing import TYPE_CHECKING

from bncli.renderers.base import Surface
from bncli.renderers.html_page import render
from bncli.renderers.visible_text import visible
from bncli.reports.document import Code, Document
from tests.helpers.documents import HOSTILE_TEXTS, SMALL, TABLE, hostile_document

if TYPE_CHECKING:
    from tests.helpers.golden import Golden

WITHOUT_END = {"meta", "path", "polyline", "circle"}


class Page(HTMLParser):
    """What a browser finds in a page; fails on an element that is closed wrongly."""

    def __init__(self, document: Document) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.texts: list[str] = []
        self.feed(render(document, Surface()))
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in WITHOUT_END:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in WITHOUT_END:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_a_document_looks_as_expected(golden: Golden) -> None:
    golden.check("document.html", render(SMALL, Surface()))


def test_hostile_texts_bring_in_no_element_and_no_attribute() -> None:
    harmless, hostile = Page(SMALL), Page(hostile_document())
    assert set(hostile.elements) <= set(harmless.elements)
    assert {name for name, _ in hostile.attributes} <= {name for name, _ in harmless.attributes}


def test_every_text_is_on_the_page() -> None:
    text = "\n".join(Page(hostile_document()).texts)
    assert [hostile for hostile in HOSTILE_TEXTS if visible(hostile) not in text] == []


def test_nothing_is_loaded_and_no_script_runs() -> None:
    page = Page(SMALL)
    assert not {"script", "link", "img", "iframe", "object"} & set(page.elements)
    assert not {"src", "href", "style"} & {name for name, _ in page.attributes}
    assert ("content", "default-src 'none'; style-src 'unsafe-inline'") in page.attributes


def test_a_heading_explains_its_column() -> None:
    meanings = [value for name, value in Page(SMALL).attributes if name == "title"]
    assert meanings == [column.meaning for column in TABLE.columns]


def test_code_keeps_its_lines_and_opens_no_element() -> None:
    assert "<pre><code>if a &lt; b:\n    f()</code></pre>" in render(
        Document("x", (Code("if a < b:\n    f()"),)), Surface()
    )

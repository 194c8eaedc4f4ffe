from __future__ import annotations

import html
import re

import pytest
from markdown_it import MarkdownIt

from bncli.renderers.markdown_text import cell_text, code, code_block, plain_text
from bncli.renderers.visible_text import visible
from tests.helpers.documents import HOSTILE_TEXTS

TRICKY_TEXTS = (
    *HOSTILE_TEXTS, "# heading", "- item", "+ item", "1. item", "2) item", "= x", "> quote", "*a*", "_a_", "__init__",
    "running_mean", "a|b", r"a\|b", "a@b|c", "``", "`a", "a`@`b", "&lt;", "<!-- x -->", "$x$", "~~a~~", "![a](b)",
)  # fmt: skip


def shown_by_a_browser(markdown: str) -> str:
    """Return the text of the rendered page, by an independent implementation of the dialect."""
    page = MarkdownIt("gfm-like", {"linkify": False}).render(markdown)
    return html.unescape(re.sub(r"</?(?:p|code|table|thead|tbody|tr|th|td)>|\n", "", page))


@pytest.mark.parametrize("text", TRICKY_TEXTS)
def test_a_paragraph_is_shown_as_it_is(text: str) -> None:
    assert shown_by_a_browser(plain_text(text)).strip() == visible(text).strip()


@pytest.mark.parametrize("text", TRICKY_TEXTS)
def test_a_cell_of_a_table_is_shown_as_it_is(text: str) -> None:
    table = f"| {cell_text(text)} |\n| --- |\n"
    assert shown_by_a_browser(table).strip() == visible(text).strip()


@pytest.mark.parametrize("text", ["@someone", "see #12", "https://example.com", "www.example.com", ":smile:"])
def test_what_github_would_act_on_is_code(text: str) -> None:
    assert plain_text(text) == f"`{text}`"


@pytest.mark.parametrize("text", ["layer1.0.bn1", "running_mean", "1e-05 is assumed", "批归一化"])
def test_a_harmless_text_stays_readable_in_the_source(text: str) -> None:
    assert plain_text(text) == text


@pytest.mark.parametrize(
    ("text", "fenced"), [("a", "`a`"), ("a`b", "``a`b``"), ("`a", "`` `a ``"), ("a``", "``` a`` ```")]
)
def test_code_stands_between_more_backticks_than_it_holds(text: str, fenced: str) -> None:
    assert code(text) == fenced


def test_a_block_of_code_ends_at_no_line_of_its_own() -> None:
    assert code_block(["a", "b"]) == ["```text", "a", "b", "```"]
    assert code_block(["```", "b"]) == ["````text", "```", "b", "````"]

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bncli.renderers.visible_text import visible
from tests.helpers.documents import HOSTILE_TEXTS

ESCAPE = re.compile(r"\\(?:([nrt\\])|x(..)|u(....)|U(.{8}))")
SHORT = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\"}
TEXTS = st.text(st.sampled_from("\\nxuUrtab0159\n\r\t\x00\x1b\x7f\x9b\u202e\u200b\ud800\U000e0041é批")) | st.text()


def read_back(shown: str) -> str:
    """Return the text behind its visible form: an independent decoder."""

    def character(match: re.Match[str]) -> str:
        short, *codes = match.groups()
        return SHORT[short] if short else chr(int(next(code for code in codes if code), 16))

    return ESCAPE.sub(character, shown)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("layer1.0.bn1", "layer1.0.bn1"),
        ("Schicht.é.批归一化", "Schicht.é.批归一化"),
        ("[bold]not markup[/bold]", "[bold]not markup[/bold]"),
        ("\x1b[31m", r"\x1b[31m"),
        ("two\nlines\r\tand\x0bmore", r"two\nlines\r\tand\x0bmore"),
        ("\x7f\x85\x9b", r"\x7f\x85\x9b"),
        ("\u202eexe.fdp", r"\u202eexe.fdp"),
        ("a\u200bb\u2028c\xa0d", r"a\u200bb\u2028c\xa0d"),
        ("\ud800", r"\ud800"),
        ("\ue000\U000e0041", r"\ue000\U000e0041"),
        ("bn1\ufe0f\U000e0100", r"bn1\ufe0f\U000e0100"),
        ("\u3164\u115f\uffa0\u2800\u034f\u180b", r"\u3164\u115f\uffa0\u2800\u034f\u180b"),
        (r"C:\models", r"C:\models"),
        (r"C:\new", r"C:\\new"),
        ("\\\n", r"\\\n"),
        ("\\", "\\"),
    ],
)
def test_what_does_not_print_is_written_as_an_escape(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_without_unicode_everything_beyond_ascii_is_written_as_an_escape() -> None:
    assert visible("bn.é.批", unicode=False) == r"bn.\xe9.\u6279"


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
@pytest.mark.parametrize("unicode", [True, False])
def test_a_hostile_text_becomes_one_line_that_prints(text: str, unicode: bool) -> None:
    assert visible(text, unicode=unicode).isprintable()


@given(TEXTS, st.booleans())
def test_the_text_can_be_read_back_so_different_texts_look_different(text: str, unicode: bool) -> None:
    shown = visible(text, unicode=unicode)
    assert shown.isprintable()
    assert unicode or shown.isascii()
    assert read_back(shown) == text

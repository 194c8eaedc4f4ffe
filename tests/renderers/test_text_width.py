from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from bncli.renderers.text_width import MISSING, cell_width, elide_middle, pad, sentence_width, wrap

TEXTS = st.text(st.sampled_from("abc 批归é\u0301"))


@pytest.mark.parametrize(("text", "width"), [("", 0), ("bn1", 3), ("批归", 4), ("e\u0301", 1), ("a批b", 4)])
def test_a_wide_character_takes_two_cells_and_a_combining_one_none(text: str, width: int) -> None:
    assert cell_width(text) == width


@pytest.mark.parametrize("text", [MISSING, f"{MISSING}   "])
def test_what_stands_for_a_missing_value_takes_as_many_cells_as_characters(text: str) -> None:
    assert cell_width(text) == cell_len(text) == len(text)


def test_padding_fills_cells_not_characters() -> None:
    assert pad("批", 4, "left") == "批  "
    assert pad("批", 4, "right") == "  批"
    assert pad("longer", 4, "left") == "longer"


def test_a_name_that_fits_is_not_cut() -> None:
    assert elide_middle("layer1.bn", 9, unicode=True) == "layer1.bn"


def test_a_long_name_keeps_both_of_its_ends() -> None:
    assert elide_middle("layer1.0.downsample.bn", 11, unicode=True) == "layer…le.bn"
    assert elide_middle("layer1.0.downsample.bn", 11, unicode=False) == "laye...e.bn"


@given(TEXTS, st.integers(3, 30), st.booleans())
def test_an_elided_text_never_takes_more_cells_than_given(text: str, width: int, unicode: bool) -> None:
    elided = elide_middle(text, width, unicode=unicode)
    assert cell_len(elided) <= width
    assert (elided == text) == (cell_len(text) <= width)


def test_a_sentence_is_broken_at_spaces() -> None:
    assert wrap("one two three", 7) == ["one two", "three"]


def test_sentences_run_as_wide_as_the_surface_up_to_what_is_easy_to_read() -> None:
    assert [sentence_width(width) for width in (40, 110, 200, None)] == [40, 110, 110, 110]


def test_a_word_that_is_longer_than_the_line_stays_whole() -> None:
    assert wrap("a models/resnet.pt b", 6) == ["a", "models/resnet.pt", "b"]


def test_without_a_width_nothing_is_broken() -> None:
    assert wrap("one two three", None) == ["one two three"]


@given(TEXTS, st.integers(1, 20))
def test_wrapping_loses_nothing_and_every_line_fits_or_is_one_word(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert " ".join(lines) == text
    assert all(cell_len(line) <= width or " " not in line.strip(" ") for line in lines)

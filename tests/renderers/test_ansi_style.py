from __future__ import annotations

import pytest

from bncli.renderers.ansi_style import paint, paint_curve


def test_a_style_stands_between_its_code_and_a_reset() -> None:
    assert paint("x", "bad", color=True) == "\x1b[1;31mx\x1b[0m"


@pytest.mark.parametrize("style", ["good", "notice", "bad", "muted", "heading", "rule", "unit", "plain"])
def test_without_colour_a_text_stays_as_it_is(style: str) -> None:
    assert paint("x", style, color=False) == "x"


def test_plain_text_and_empty_text_take_no_code() -> None:
    assert paint("x", "plain", color=True) == "x"
    assert paint("", "bad", color=True) == ""


def test_neighbouring_curves_differ_in_colour_and_colours_take_turns() -> None:
    painted = [paint_curve("x", curve, color=True) for curve in range(7)]
    assert len(set(painted[:6])) == 6
    assert painted[6] == painted[0]
    assert paint_curve("x", 0, color=False) == "x"

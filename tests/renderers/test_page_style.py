from __future__ import annotations

from typing import get_args

import pytest

from bncli.renderers.page_style import STYLE
from bncli.reports.document import Tone


@pytest.mark.parametrize("tone", [tone for tone in get_args(Tone) if tone != "plain"])
def test_every_tone_has_its_looks(tone: str) -> None:
    assert f".{tone} {{" in STYLE or f".{tone}," in STYLE


def test_the_page_loads_nothing_and_follows_the_light_or_dark_setting() -> None:
    assert "url(" not in STYLE
    assert "@import" not in STYLE
    assert "prefers-color-scheme: dark" in STYLE


def test_every_brace_is_closed() -> None:
    assert STYLE.count("{") == STYLE.count("}")

from __future__ import annotations

from bncli.renderers.html_text import escaped


def test_markup_and_quotes_are_written_as_entities() -> None:
    assert escaped('<b class="x">&amp;\'') == "&lt;b class=&quot;x&quot;&gt;&amp;amp;&#x27;"


def test_what_does_not_print_is_made_visible() -> None:
    assert escaped("\x1b\n\u202e") == r"\x1b\n\u202e"

from __future__ import annotations

from bncli.renderers.catalogue import RENDERERS


def test_the_default_format_is_the_table() -> None:
    assert next(iter(RENDERERS)) == "table"


def test_a_suffix_belongs_to_one_format_and_begins_with_a_dot() -> None:
    suffixes = [suffix for renderer in RENDERERS.values() for suffix in renderer.suffixes]
    assert len(set(suffixes)) == len(suffixes)
    assert all(suffix.startswith(".") and suffix == suffix.lower() for suffix in suffixes)

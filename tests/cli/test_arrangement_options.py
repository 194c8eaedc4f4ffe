"""Tests of the options that arrange a table."""

from __future__ import annotations

from bncli.cli.arrangement_options import arrangement, shows_columns_help
from bncli.reports.arrangement import Arrangement


def test_columns_are_separated_by_commas_and_may_have_spaces_around_them() -> None:
    assert arrangement("-eps", 3, "layer, eps ,") == Arrangement("-eps", 3, ("layer", "eps"))


def test_without_options_nothing_is_arranged() -> None:
    assert arrangement(None, None, None) == Arrangement()


def test_the_word_help_asks_for_the_list_of_columns() -> None:
    assert shows_columns_help("help")
    assert not shows_columns_help("layer,help")
    assert not shows_columns_help(None)

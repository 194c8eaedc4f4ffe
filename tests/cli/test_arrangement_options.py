"""Tests of the options that arrange a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bncli.cli.arrangement_options import arrangement, shows_columns_help
from bncli.errors import InvalidUsage
from bncli.reports.arrangement import Arrangement
from bncli.reports.layer_fields import LAYER_FIELDS
from tests.helpers.invoke import ROOT, invoke

if TYPE_CHECKING:
    from pathlib import Path


def test_columns_are_separated_by_commas_and_may_have_spaces_around_them() -> None:
    assert arrangement("-eps", 3, "layer, eps ,", LAYER_FIELDS) == Arrangement("-eps", 3, ("layer", "eps"))


def test_without_options_nothing_is_arranged() -> None:
    assert arrangement(None, None, None, LAYER_FIELDS) == Arrangement()


@pytest.mark.parametrize(("sort", "columns"), [("-espilon", None), (None, "layer,espilon")])
def test_a_column_that_the_table_does_not_have_is_refused(sort: str | None, columns: str | None) -> None:
    with pytest.raises(InvalidUsage, match="unknown column 'espilon'"):
        arrangement(sort, None, columns, LAYER_FIELDS)


ARRANGED_COMMANDS = {
    "inspect checkpoint": ("missing.pt",),
    "inspect tensor": ("missing.npy",),
    "check": ("missing.pt", "--write-baseline", "OUT"),
    "diff": ("missing.pt", "missing_too.pt"),
    "trend": ("missing.pt", "missing_too.pt"),
    "calibrate": ("missing.pt", "missing.safetensors", "-o", "OUT"),
}


@pytest.mark.parametrize("option", ["--sort", "--columns"])
@pytest.mark.parametrize("command", ARRANGED_COMMANDS)
def test_a_wrong_column_is_told_before_any_file_is_read_or_written(command: str, option: str, tmp_path: Path) -> None:
    out = tmp_path / "out.pt"
    arguments = (out if each == "OUT" else each for each in ARRANGED_COMMANDS[command])
    completed = invoke(*command.split(), *arguments, option, "nonsense")
    assert completed.exit_code == 2
    assert "unknown column 'nonsense'" in completed.stderr
    assert list(tmp_path.iterdir()) == []


def test_every_command_with_columns_is_among_them() -> None:
    names = {path.stem for path in (ROOT / "bncli/cli").glob("*.py") if "options.Columns" in path.read_text()}
    assert names == {command.replace(" ", "_") for command in ARRANGED_COMMANDS}


def test_the_word_help_asks_for_the_list_of_columns() -> None:
    assert shows_columns_help("help")
    assert not shows_columns_help("layer,help")
    assert not shows_columns_help(None)

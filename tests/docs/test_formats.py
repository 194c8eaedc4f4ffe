"""Tests that the page of formats lists what there is."""

from __future__ import annotations

import re
from pathlib import Path

from bncli.analysis.naming_schemes import NAMING_SCHEMES
from bncli.formats.detection import all_formats

PAGE = (Path(__file__).parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")


def table_rows(heading: str) -> list[list[str]]:
    """Return the cells of the first table under a heading."""
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = re.findall(r"^\|(.*)\|$", section, re.MULTILINE)
    return [[cell.strip() for cell in line.split("|")] for line in lines[2:]]


def test_every_format_that_is_read_has_its_row_and_no_other() -> None:
    assert sorted(row[0].strip("`") for row in table_rows("Formats")) == sorted(item.name for item in all_formats())


def test_a_row_names_the_usual_endings_of_its_files() -> None:
    files = {row[0].strip("`"): row[1] for row in table_rows("Formats")}
    endings = {item.name: [suffix for suffix in item.suffixes if " " not in suffix] for item in all_formats()}
    assert [name for name, suffixes in endings.items() if not all(suffix in files[name] for suffix in suffixes)] == []


def test_names_and_defaults_are_those_by_which_layers_are_found() -> None:
    stated = {
        (*(cell.split("/")[-1] for cell in row[1:5]), float(row[6]), float(row[7]))
        for row in table_rows("How layers are found")
    }
    used = {(*scheme.leaves[:4], scheme.eps, scheme.momentum) for scheme in NAMING_SCHEMES if scheme.leaves}
    assert stated == used

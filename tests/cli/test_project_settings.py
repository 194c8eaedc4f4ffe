from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bncli.cli.project_settings import ProjectSettings, project_settings
from bncli.errors import InvalidUsage

if TYPE_CHECKING:
    from pathlib import Path


def written(folder: Path, text: str) -> Path:
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")
    return folder


def test_the_nearest_file_counts_also_from_a_folder_below(tmp_path: Path) -> None:
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    written(tmp_path, '[tool.bncli]\nignore = ["BN302"]\nfail-on = "warning"\nbaseline = "known/bn.json"\n')
    seen = project_settings(below)
    assert seen.path == tmp_path / "pyproject.toml"
    assert (seen.ignore, seen.fail_on, seen.select, seen.target) == (("BN302",), "warning", (), ())
    assert seen.baseline == tmp_path / "known" / "bn.json"
    written(below, "[project]\nname = 'x'\n")
    assert project_settings(below) == ProjectSettings()


def test_without_a_file_or_a_table_there_are_no_settings(tmp_path: Path) -> None:
    assert project_settings(written(tmp_path, "[tool.ruff]\n")) == ProjectSettings()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[tool.bncli", "is not valid TOML"),
        ("tool = 3", "is not valid TOML"),
        ("[tool]\nbncli = 3", "tool.bncli is no table"),
        ("[tool.bncli]\nignored = []", "no key 'ignored'"),
        ('[tool.bncli]\nignore = "BN302"', "ignore in .* must be a list of codes"),
        ("[tool.bncli]\nselect = [3]", "select in .* must be a list of codes"),
        ("[tool.bncli]\nfail-on = []", "fail-on in .* must be a severity"),
    ],
)
def test_what_is_wrong_in_the_file_is_told_with_its_path(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidUsage, match=message) as caught:
        project_settings(written(tmp_path, text))
    assert str(tmp_path) in caught.value.message


def test_bytes_that_are_no_text_are_told(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(InvalidUsage, match="is no text in UTF-8"):
        project_settings(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x=" + "[" * 100_000, "is nested too deeply"),
        ("x=" + "{a=" * 100_000, "is nested too deeply"),
        ("a" + ".a" * 100_000 + "=1", "has keys of too many parts"),
        ("x=" + "9" * 10_000, "is not valid TOML: Exceeds the limit"),
        ("#" * 600_000, "has over 524,288 bytes"),
        ("tool=3", "is not valid TOML"),
    ],
)
def test_a_hostile_file_is_refused_in_one_line(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(InvalidUsage, match=f"pyproject.toml: {message}"):
        project_settings(tmp_path)

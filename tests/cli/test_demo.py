from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pytest

from bncli.cli.demo import EXAMPLES
from tests.helpers.invoke import invoke
from tests.helpers.json_output import json_of

if TYPE_CHECKING:
    from pathlib import Path


def test_a_demo_is_the_same_every_time(tmp_path: Path) -> None:
    first, second = json_of("demo", tmp_path / "one"), json_of("demo", tmp_path / "two")
    assert len(first["faults"]) == len(second["faults"]) > 20
    files = sorted(path for path in (tmp_path / "one").rglob("*") if path.is_file())
    assert len(files) == 67
    for path in files:
        assert path.read_bytes() == (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes()


def test_every_command_of_a_demo_runs(tmp_path: Path) -> None:
    demo = json_of("demo", tmp_path / "demo")
    for each in (*demo["faults"], *demo["pairs"]):
        completed = invoke(*shlex.split(each["command"])[1:])
        is_error = each.get("severity") == "error"
        assert (completed.exit_code, completed.stderr) == (int(is_error), ""), each["command"]


def test_files_of_an_earlier_demo_are_overwritten_only_by_force(tmp_path: Path) -> None:
    invoke("demo", tmp_path)
    assert invoke("demo", tmp_path).exit_code == 4
    assert invoke("demo", tmp_path, "--force").exit_code == 0


def test_without_a_name_the_folder_is_bncli_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "bncli check bncli-demo/faulty/bn101_nonfinite.safetensors" in invoke("demo").stdout
    assert sorted(path.name for path in (tmp_path / "bncli-demo").iterdir()) == ["faulty", "healthy", "pairs"]


@pytest.mark.parametrize("output_format", ["markdown", "html", "csv"])
def test_a_demo_is_told_in_any_format(output_format: str, tmp_path: Path) -> None:
    assert "bn603_foreign_encoding.safetensors" in invoke("demo", tmp_path, "--format", output_format).stdout


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_run(example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    words = [word.replace("/tmp/", f"{tmp_path}/") for word in shlex.split(example)[1:]]  # noqa: S108 - replaced
    assert invoke(*words).exit_code == 0

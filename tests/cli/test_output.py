from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from bncli.cli.output import OutputOptions, emit
from bncli.errors import InvalidUsage, OutputExists, OutputFailed
from bncli.renderers.base import Surface
from bncli.renderers.catalogue import RENDERERS
from tests.helpers.documents import SMALL

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "renderer", [each for each in RENDERERS.values() if each.only_kind is None], ids=lambda renderer: renderer.name
)
def test_a_format_that_is_named_is_written_to_stdout(renderer: object, capsys: pytest.CaptureFixture[str]) -> None:
    emit(SMALL, OutputOptions(format=renderer.name))
    assert capsys.readouterr().out == renderer.render(SMALL, Surface())


def test_without_a_name_stdout_gets_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    emit(SMALL, OutputOptions())
    assert capsys.readouterr().out == RENDERERS["table"].render(SMALL, Surface())


@pytest.mark.parametrize(
    ("name", "output_format"),
    [
        ("a.txt", "table"),
        ("a.json", "json"),
        ("a.JSON", "json"),
        ("a.csv", "csv"),
        ("a.md", "markdown"),
        ("a.html", "html"),
        ("a.htm", "html"),
        ("a", "table"),
        ("a.log", "table"),
    ],
)
def test_the_suffix_of_the_file_chooses_the_format(name: str, output_format: str, tmp_path: Path) -> None:
    emit(SMALL, OutputOptions(path=tmp_path / name))
    assert (tmp_path / name).read_text(encoding="utf-8") == RENDERERS[output_format].render(SMALL, Surface())


def test_the_named_format_goes_over_the_suffix(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    emit(SMALL, OutputOptions(format="json", path=tmp_path / "a.csv"))
    assert json.loads((tmp_path / "a.csv").read_text(encoding="utf-8"))["schema"] == "bncli/checkpoint/1"
    assert capsys.readouterr().out == ""


def test_a_file_takes_no_width_and_colour_only_on_demand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("FORCE_COLOR", "1")
    emit(SMALL, OutputOptions(path=tmp_path / "plain"))
    emit(SMALL, OutputOptions(path=tmp_path / "colored", color="always"))
    plain, colored = ((tmp_path / name).read_text(encoding="utf-8") for name in ("plain", "colored"))
    assert "\x1b" not in plain
    assert "columns left out" not in plain
    assert "\x1b[1m" in colored


def test_an_unknown_format_is_refused_before_anything_is_computed() -> None:
    with pytest.raises(InvalidUsage, match="unknown format 'jsn'") as caught:
        OutputOptions(format="jsn")
    assert caught.value.hint == "did you mean json?"


def test_a_format_that_resembles_none_gets_the_list() -> None:
    with pytest.raises(InvalidUsage) as caught:
        OutputOptions(format="yaml9")
    assert caught.value.hint == "known: table, json, csv, markdown, html"


def test_a_format_for_one_kind_of_document_can_be_chosen_for_that_kind_alone(tmp_path: Path) -> None:
    assert OutputOptions(format="sarif", kind="check").format == "sarif"
    with pytest.raises(InvalidUsage, match="unknown format 'sarif'"):
        OutputOptions(format="sarif")
    assert OutputOptions(path=tmp_path / "a.sarif", kind="check").path is not None
    with pytest.raises(InvalidUsage, match=r"a\.sarif: the format sarif is that of bncli check alone"):
        OutputOptions(path=tmp_path / "a.sarif")
    emit(SMALL, OutputOptions(format="csv", path=tmp_path / "a.sarif"))
    assert (tmp_path / "a.sarif").read_text(encoding="utf-8") == RENDERERS["csv"].render(SMALL, Surface())


def test_an_unknown_choice_of_colour_is_refused() -> None:
    with pytest.raises(InvalidUsage, match="unknown --color 'alwys'") as caught:
        OutputOptions(color="alwys")
    assert caught.value.hint == "did you mean always?"


def test_a_file_that_exists_is_refused_before_anything_is_computed(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("old")
    with pytest.raises(OutputExists):
        OutputOptions(path=tmp_path / "a.json")
    emit(SMALL, OutputOptions(path=tmp_path / "a.json", force=True))
    assert (tmp_path / "a.json").read_text().startswith("{")


def test_a_place_that_takes_no_file_is_refused_before_anything_is_computed(tmp_path: Path) -> None:
    with pytest.raises(OutputFailed):
        OutputOptions(path=tmp_path / "missing" / "a.json")


def test_a_failed_rendering_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(InvalidUsage, match="no table"):
        emit(type(SMALL)("x", ()), OutputOptions(path=tmp_path / "a.csv"))
    assert list(tmp_path.iterdir()) == []

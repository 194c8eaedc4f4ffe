from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import pytest

from bncli.errors import InputNotFound, MalformedFile, UnsupportedFormat
from bncli.formats.probe import probe_file, probe_path

if TYPE_CHECKING:
    from pathlib import Path


def test_a_probe_holds_the_size_and_the_first_four_kilobytes(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(bytes(range(250)) * 100)
    probe = probe_file(path)
    assert (probe.path, probe.size_bytes) == (path, 25_000)
    assert probe.head == path.read_bytes()[:4096]


def test_a_short_file_is_its_own_head(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"abc")
    assert probe_file(path).head == b"abc"


def test_the_names_in_a_zip_come_in_the_order_of_its_directory(tmp_path: Path) -> None:
    path = tmp_path / "x"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("b", "a/c", "a/b"):
            archive.writestr(name, b"")
    assert probe_file(path).zip_names == ("b", "a/c", "a/b")


def test_a_file_that_does_not_begin_as_a_zip_has_no_names_in_it(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("data.pkl", b"")
    path = tmp_path / "x"
    path.write_bytes(b"MZ" + inner.read_bytes())
    assert probe_file(path).zip_names == ()


def test_a_zip_without_a_directory_is_malformed_when_its_names_are_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "x.pt"
    path.write_bytes(b"PK\3\4" + bytes(100))
    probe = probe_file(path)
    with pytest.raises(MalformedFile, match=r"x\.pt: broken as a zip archive: .* cut short"):
        _ = probe.zip_names


def test_an_empty_file_is_malformed(tmp_path: Path) -> None:
    path = tmp_path / "x.pt"
    path.touch()
    with pytest.raises(MalformedFile, match=r"x\.pt: the file is empty"):
        probe_file(path)


def test_what_is_no_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputNotFound):
        probe_file(tmp_path / "missing")
    with pytest.raises(InputNotFound):
        probe_path(tmp_path / "missing")
    with pytest.raises(UnsupportedFormat):
        probe_file(tmp_path)


def test_a_directory_is_known_by_the_names_in_it(tmp_path: Path) -> None:
    (tmp_path / "variables").mkdir()
    for name in ("b", ".a"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "link").symlink_to("variables")
    probe = probe_path(tmp_path)
    assert (probe.is_directory, probe.size_bytes, probe.head, probe.zip_names) == (True, 0, b"", ())
    assert probe.entry_names == (".a", "b", "link/", "variables/")


def test_a_link_that_leads_in_a_circle_is_a_name_like_others(tmp_path: Path) -> None:
    (tmp_path / "circle").symlink_to("circle")
    assert probe_path(tmp_path).entry_names == ("circle",)


def test_a_file_has_no_names_in_it(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"abc")
    probe = probe_path(tmp_path / "x")
    assert (probe.is_directory, probe.entry_names, probe.head) == (False, (), b"abc")


def test_a_directory_of_far_too_many_entries_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bncli.formats.probe._MAX_ENTRIES", 2)
    for name in "abc":
        (tmp_path / name).touch()
    with pytest.raises(MalformedFile, match="more than 2 entries"):
        probe_path(tmp_path)

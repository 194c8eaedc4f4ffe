from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from bncli.cli.planted_folder import write_folder
from bncli.errors import OutputExists, OutputFailed

FILES = {PurePosixPath("a/one"): b"1", PurePosixPath("a/two"): b"22", PurePosixPath("b/three"): b""}


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_files_are_written_below_a_folder_that_is_made(tmp_path: Path) -> None:
    write_folder(tmp_path / "new" / "demo", FILES, force=False)
    assert contents(tmp_path / "new" / "demo") == {"a/one": b"1", "a/two": b"22", "b/three": b""}


def test_nothing_is_written_if_one_of_the_files_is_there(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "three").write_bytes(b"mine")
    with pytest.raises(OutputExists, match=r"b/three: exists already"):
        write_folder(tmp_path, FILES, force=False)
    assert contents(tmp_path) == {"b/three": b"mine"}


def test_force_overwrites_its_own_files_and_leaves_others(tmp_path: Path) -> None:
    write_folder(tmp_path, FILES, force=False)
    (tmp_path / "a" / "one").write_bytes(b"old")
    (tmp_path / "a" / "mine").write_bytes(b"mine")
    write_folder(tmp_path, FILES, force=True)
    assert contents(tmp_path) == {"a/one": b"1", "a/two": b"22", "b/three": b"", "a/mine": b"mine"}


def test_a_file_where_a_folder_should_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "demo").write_bytes(b"mine")
    with pytest.raises(OutputFailed, match="cannot be made a folder"):
        write_folder(tmp_path / "demo", FILES, force=True)

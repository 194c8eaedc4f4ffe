from __future__ import annotations

import os
from pathlib import Path

import pytest

from bncli.errors import UnsafeFile
from bncli.formats.zarr_store.folder import size_of_contained_files


def test_files_in_all_folders_count(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "x").write_bytes(bytes(10))
    (tmp_path / "a" / "b" / "y").write_bytes(bytes(5))
    assert size_of_contained_files(tmp_path) == 15


def test_a_link_to_a_file_in_the_folder_is_followed(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(bytes(10))
    (tmp_path / "link").symlink_to("x")
    assert size_of_contained_files(tmp_path) == 20


def test_the_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "x").write_bytes(bytes(10))
    (tmp_path / "link").symlink_to("real")
    assert size_of_contained_files(tmp_path / "link") == 10


@pytest.mark.parametrize("target", ["../secret", "/etc/passwd", "../elsewhere"])
def test_a_link_that_leads_out_is_refused(tmp_path: Path, target: str) -> None:
    folder = tmp_path / "folder"
    (folder / "d").mkdir(parents=True)
    (tmp_path / "secret").touch()
    (tmp_path / "elsewhere").mkdir()
    (folder / "d" / "link").symlink_to(target if Path(target).is_absolute() else f"../{target}")
    with pytest.raises(UnsafeFile, match="d/link"):
        size_of_contained_files(folder)


def test_a_pipe_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UnsafeFile, match="pipe: is no regular file"):
        size_of_contained_files(tmp_path)

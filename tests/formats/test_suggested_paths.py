from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bncli.errors import InputNotFound, UnsupportedFormat
from bncli.formats.detection import open_named_arrays
from bncli.formats.probe import FileProbe, probe_path
from bncli.formats.suggested_paths import checkpoint_inside, index_beside

if TYPE_CHECKING:
    from pathlib import Path


def is_marked(probe: FileProbe) -> bool:
    return probe.head.startswith(b"mark") or "mark" in probe.entry_names


def test_the_first_checkpoint_of_a_folder_is_found_among_other_files(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"other")
    (tmp_path / "an empty one").touch()
    for name in ("b", "c"):
        (tmp_path / name).write_bytes(b"marked")
    assert checkpoint_inside(probe_path(tmp_path), is_marked) == tmp_path / "b"


def test_a_checkpoint_may_be_a_folder_itself(tmp_path: Path) -> None:
    (tmp_path / "5").mkdir()
    (tmp_path / "5" / "mark").touch()
    assert checkpoint_inside(probe_path(tmp_path), is_marked) == tmp_path / "5"


def test_nothing_outside_of_the_folder_and_no_pipe_is_opened(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "outside").write_bytes(b"marked")
    (folder / "link").symlink_to(tmp_path / "outside")
    os.mkfifo(folder / "pipe")
    assert checkpoint_inside(probe_path(folder), is_marked) is None


def test_the_hint_of_a_folder_names_a_checkpoint_in_it(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", a=np.ones(3))
    with pytest.raises(UnsupportedFormat, match="is a directory") as caught:
        open_named_arrays(tmp_path)
    assert caught.value.hint == f"name the checkpoint inside it, such as {tmp_path / 'x.npz'}"


@pytest.mark.parametrize("name", ["model.ckpt", "model.ckpt.meta", "model.ckpt.data-00000-of-00002"])
def test_the_parts_of_a_tensorflow_checkpoint_lead_to_its_index(tmp_path: Path, name: str) -> None:
    assert index_beside(tmp_path / name) is None
    (tmp_path / "model.ckpt.index").write_bytes(b"x")
    assert index_beside(tmp_path / name) == tmp_path / "model.ckpt.index"
    with pytest.raises(InputNotFound) as missing:
        open_named_arrays(tmp_path / name)
    (tmp_path / name).write_bytes(bytes(range(200, 232)))
    with pytest.raises(UnsupportedFormat) as unknown:
        open_named_arrays(tmp_path / name)
    assert missing.value.hint == unknown.value.hint == f"name the index: {tmp_path / 'model.ckpt.index'}"


@pytest.mark.parametrize("name", [".meta", "x.index", "y"])
def test_other_files_lead_nowhere(tmp_path: Path, name: str) -> None:
    (tmp_path / "x.index").write_bytes(b"x")
    assert index_beside(tmp_path / name) is None

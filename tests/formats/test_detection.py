from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import pytest

from bncli.errors import BncliError, InputNotFound, MalformedFile, UnsafeFile, UnsupportedFormat
from bncli.formats.detection import all_formats, open_named_arrays
from tests.helpers.format_files import WRITERS, files_below
from tests.helpers.hostile_files import legacy_front

if TYPE_CHECKING:
    from pathlib import Path


def test_there_is_a_writer_here_for_every_format() -> None:
    assert set(WRITERS) == {file_format.name for file_format in all_formats()}


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("suffix", [".pt", ".npy", ".safetensors", ".h5", ""])
def test_the_content_tells_the_format_whatever_the_name_says(tmp_path: Path, name: str, suffix: str) -> None:
    path = tmp_path / f"weight_AP05:0.253{suffix}"
    WRITERS[name](path)
    with open_named_arrays(path) as arrays:
        assert arrays.format == name
        assert arrays.path == path
        assert arrays.size_bytes == sum(file.stat().st_size for file in files_below(tmp_path))


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_cut_anywhere_is_refused_or_explained(tmp_path: Path, name: str) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    WRITERS[name](whole)
    if whole.is_dir():
        pytest.skip("a folder of several files")
    content = whole.read_bytes()
    for kept in {*range(0, 600, 7), *range(600, len(content), 97), len(content) - 1} - set(range(len(content), 600)):
        cut.write_bytes(content[:kept])
        with pytest.raises(BncliError):
            open_named_arrays(cut)


def test_an_unknown_format_is_answered_with_those_that_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(bytes(1000))
    with pytest.raises(UnsupportedFormat, match=r"model\.bin: of no format") as caught:
        open_named_arrays(path)
    assert caught.value.hint is not None
    assert all(file_format.name in caught.value.hint for file_format in all_formats())


def test_a_kind_that_is_known_but_not_read_is_explained(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    path.write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n")
    with pytest.raises(UnsupportedFormat, match="Git LFS pointer") as caught:
        open_named_arrays(path)
    assert "git lfs pull" in str(caught.value.hint)


def test_a_directory_that_is_no_checkpoint_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "model.pt").write_bytes(b"x")
    with pytest.raises(UnsupportedFormat, match="is a directory, and no checkpoint") as caught:
        open_named_arrays(tmp_path)
    assert caught.value.hint == "name the checkpoint file inside it"


def test_what_is_no_file_is_told_apart(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    for name, error in (("missing", InputNotFound), ("", UnsupportedFormat), ("empty", MalformedFile)):
        with pytest.raises(error):
            open_named_arrays(tmp_path / name)


@pytest.mark.parametrize("front", [b"", b"\x80\x02", b"\x80\x04\x95\x10\0\0\0\0\0\0\0"])
def test_a_pickle_that_would_run_a_program_is_unsafe_in_every_dress(tmp_path: Path, front: bytes) -> None:
    attack = front + b"cos\nsystem\n(X\x02\0\0\0ls\x85R."
    path = tmp_path / "model.pt"
    path.write_bytes(attack)
    with pytest.raises(UnsafeFile, match=r"model\.pt: asks to call os\.system"):
        open_named_arrays(path)
    path.write_bytes(legacy_front(attack.removesuffix(b"."), []))
    with pytest.raises(UnsafeFile, match=r"os\.system"):
        open_named_arrays(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", attack)
    with pytest.raises(UnsafeFile, match=r"os\.system"):
        open_named_arrays(path)

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from safetensors.numpy import save_file

from bncli.errors import BncliError, InputNotFound, UnsupportedFormat
from bncli.recording.opening import is_recording, open_recording
from tests.helpers.invoke import ROOT
from tests.helpers.spools import write_spool

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_that_is_missing_points_to_what_a_run_left(tmp_path: Path) -> None:
    with pytest.raises(InputNotFound, match="no such file") as caught:
        open_recording(tmp_path / "r")
    assert caught.value.hint is None
    write_spool(tmp_path / "r.part", is_finished=False)
    with pytest.raises(InputNotFound) as caught:
        open_recording(tmp_path / "r")
    assert caught.value.hint is not None
    assert "r.part is there" in caught.value.hint


def test_a_spool_is_known_by_its_first_bytes(tmp_path: Path) -> None:
    with open_recording(write_spool(tmp_path / "any-name.safetensors")) as recording:
        assert recording.layer_names == ("a", "b")


def test_recordings_are_told_from_other_files(tmp_path: Path) -> None:
    save_file({"x": np.zeros(2)}, tmp_path / "x.safetensors")
    (tmp_path / "text").write_text("text")
    assert is_recording(ROOT / "samples" / "digits_run.safetensors")
    assert is_recording(write_spool(tmp_path / "r"))
    assert not any(is_recording(tmp_path / name) for name in ("x.safetensors", "text", "missing"))


@pytest.mark.parametrize(
    "header",
    [
        b"{",
        b"{}",
        b"[1]",
        b'{"bncli_recording": 1}',
        b'{"__metadata__": "bncli_recording"}',
        b'{"bncli_recording": ' + b"[" * 10**5,
    ],
)
def test_a_broken_header_is_none_of_a_recording(tmp_path: Path, header: bytes) -> None:
    for length in (len(header), 0, 2**40):
        (tmp_path / "x").write_bytes(length.to_bytes(8, "little") + header)
        assert not is_recording(tmp_path / "x")


def test_a_file_larger_than_memory_is_asked_about_without_being_mapped(tmp_path: Path) -> None:
    with (tmp_path / "x.npy").open("wb") as file:
        file.write(b"\x93NUMPY\x01\x00")
        file.truncate(2**34)
    code = (
        "import pathlib, resource, sys; from bncli.recording.opening import is_recording; "
        "resource.setrlimit(resource.RLIMIT_AS, (2**33, 2**33)); sys.exit(is_recording(pathlib.Path(sys.argv[1])))"
    )
    completed = subprocess.run([sys.executable, "-c", code, tmp_path / "x.npy"], check=False, capture_output=True)
    assert (completed.returncode, completed.stderr) == (0, b"")


def test_what_is_no_file_is_told_by_its_kind(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    for name, error, fault in (
        ("pipe", UnsupportedFormat, "is a pipe, a device or a socket"),
        ("", UnsupportedFormat, "is a folder"),
        ("circle", InputNotFound, "no such file"),
        ("n" * 300, InputNotFound, "no such file"),
        ("nul\0", InputNotFound, "no such file"),
    ):
        assert not is_recording(tmp_path / name)
        with pytest.raises(error, match=fault):
            open_recording(tmp_path / name)


def test_a_file_of_another_format_is_told_to_be_none() -> None:
    with pytest.raises(UnsupportedFormat, match="digits.pt: is no recording"):
        open_recording(ROOT / "samples" / "digits.pt")


def test_a_file_that_cannot_be_read_is_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = write_spool(tmp_path / "r")
    monkeypatch.setattr("pathlib.Path.open", refuse)
    assert not is_recording(path)
    with pytest.raises(BncliError, match="r: cannot be read: Permission denied"):
        open_recording(path)

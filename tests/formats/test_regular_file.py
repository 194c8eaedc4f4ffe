from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from bncli.errors import BncliError, InputNotFound, UnsupportedFormat
from bncli.formats.regular_file import RegularFile, open_regular_file


def test_a_regular_file_is_opened_for_reading(tmp_path: Path) -> None:
    path = tmp_path / "weights"
    path.write_bytes(b"abc")
    descriptor = open_regular_file(path)
    try:
        assert os.read(descriptor, 10) == b"abc"
    finally:
        os.close(descriptor)


def test_a_link_to_a_regular_file_is_followed(tmp_path: Path) -> None:
    (tmp_path / "blob").write_bytes(b"abc")
    (tmp_path / "link").symlink_to("blob")
    os.close(open_regular_file(tmp_path / "link"))


@pytest.mark.parametrize("name", ["missing.pt", "missing/model.pt", "file/model.pt", "nul\0.pt"])
def test_a_path_that_leads_nowhere_is_not_found(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_bytes(b"abc")
    with pytest.raises(InputNotFound, match=r"no such file|not a path"):
        open_regular_file(tmp_path / name)


def test_a_link_to_nothing_is_not_found(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("nowhere")
    with pytest.raises(InputNotFound):
        open_regular_file(tmp_path / "link")


def test_links_that_go_round_in_circles_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(BncliError, match="cannot be opened"):
        open_regular_file(tmp_path / "loop")


def test_a_directory_is_named_as_such(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedFormat, match="is a directory"):
        open_regular_file(tmp_path)


def test_a_pipe_without_a_writer_does_not_hang(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    errors: list[BaseException] = []

    def attempt() -> None:
        try:
            open_regular_file(path)
        except UnsupportedFormat as error:
            errors.append(error)

    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(timeout=10)
    assert not thread.is_alive()
    assert "is a pipe" in str(errors[0])


def test_a_device_is_refused() -> None:
    with pytest.raises(UnsupportedFormat, match="is a device"):
        open_regular_file(Path(os.devnull))


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_without_permission_is_an_error_that_says_so(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes(b"abc")
    path.chmod(0)
    with pytest.raises(BncliError, match="no permission"):
        open_regular_file(path)


def test_a_refusal_by_the_system_keeps_its_cause(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(BncliError, match="no permission") as caught:
        open_regular_file(tmp_path / "x")
    assert isinstance(caught.value.__cause__, PermissionError)


def test_an_open_file_is_read_at_offsets_and_counts_what_it_gave(tmp_path: Path) -> None:
    path = tmp_path / "weights"
    path.write_bytes(b"0123456789")
    file = RegularFile(path)
    buffer = bytearray(4)
    assert (file.size, file.read_into(8, memoryview(buffer)), bytes(buffer[:2])) == (10, 2, b"89")
    assert file.read_into(10, memoryview(buffer)) == 0
    assert file.bytes_read == 2
    file.close()

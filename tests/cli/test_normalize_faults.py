"""Tests of `normalize` when the machine, the files or another program get in its way."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from bncli.cli.progress import ByteProgress
from tests.helpers.invoke import ROOT, Completed, invoke

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


@pytest.fixture
def array(tmp_path: Path) -> Path:
    """Return a file of so many blocks that processes share them, in a folder of its own."""
    path = tmp_path / "x.npy"
    np.save(path, np.random.default_rng(0).normal(3, 2, (160, 8, 64, 64)).astype(np.float32))
    return path


@pytest.fixture
def expected(array: Path, tmp_path: Path) -> bytes:
    """Return the bytes of the right output."""
    assert invoke("normalize", array, "--save", tmp_path / "y.npy").exit_code == 0
    content = (tmp_path / "y.npy").read_bytes()
    (tmp_path / "y.npy").unlink()
    return content


def start(*arguments: object, **settings: Any) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "bncli", "normalize", *map(str, arguments)]
    return subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, encoding="utf-8", env=ENVIRONMENT, **settings
    )


def failed_in_one_line(completed: Completed, exit_code: int, message: str) -> bool:
    lines = [line for line in completed.stderr.splitlines() if "hint:" not in line]
    return completed.exit_code == exit_code and len(lines) == 1 and message in lines[0]


def test_a_disk_without_room_is_told_before_the_work_and_leaves_the_old_output(array: Path) -> None:
    output = array.with_name("y.npy")
    output.write_bytes(b"old")
    limit = (1 << 20, resource.getrlimit(resource.RLIMIT_FSIZE)[1])
    with start(
        array, "--save", output, "--force", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    ) as program:
        _, stderr = program.communicate()
    assert program.returncode == 4
    assert "bytes are needed" in stderr
    assert len(stderr.splitlines()) == 1
    assert output.read_bytes() == b"old"
    assert sorted(array.parent.iterdir()) == [array, output]


def test_a_full_device_ends_in_one_line(array: Path) -> None:
    assert failed_in_one_line(invoke("normalize", array, "--save", "/dev/full"), 4, "No space left on device")


@pytest.mark.parametrize("name", ["x.npy", "./x.npy", "link.npy", "hard.npy"])
def test_the_output_may_take_the_place_of_the_input(array: Path, expected: bytes, name: str) -> None:
    array.with_name("link.npy").symlink_to(array)
    array.with_name("hard.npy").hardlink_to(array)
    output = f"{array.parent}/{name}"
    assert invoke("normalize", array, "--save", output, "--force").exit_code == 0
    with open(output, "rb") as file:  # noqa: PTH123 - a Path would lose the "./"
        assert file.read() == expected
    assert len(list(array.parent.iterdir())) == 3


def test_a_kill_at_any_moment_leaves_no_output_or_a_whole_one_and_nothing_else(array: Path, expected: bytes) -> None:
    output = array.with_name("y.npy")
    for attempt in range(8):
        output.unlink(missing_ok=True)
        with start(array, "--save", output, "--force") as program:
            time.sleep(0.1 + 0.03 * attempt)
            program.kill()
        left = sorted(array.parent.iterdir())
        assert left == [array] or (left == [array, output] and output.read_bytes() == expected)


@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_leaves_nothing(tmp_path: Path, number: int, exit_code: int) -> None:
    array = tmp_path / "x.npy"
    with array.open("wb") as file:  # a hole that takes seconds to normalize and no room
        header = {"descr": "<f8", "fortran_order": False, "shape": (300, 8, 512, 512)}
        np.lib.format.write_array_header_1_0(file, header)
        file.truncate(file.tell() + 300 * 8 * 512 * 512 * 8)
    with start(array) as program:
        time.sleep(0.7)
        program.send_signal(number)
        _, stderr = program.communicate()
    assert (program.returncode, stderr) == (exit_code, "")
    assert list(tmp_path.iterdir()) == [array]


def test_two_runs_on_one_output_leave_one_whole_result(array: Path, expected: bytes) -> None:
    output = array.with_name("y.npy")
    programs = [start(array, "--save", output, "--force") for _ in range(2)]
    for program in programs:
        with program:
            assert program.communicate()[1] == ""
            assert program.returncode == 0
    assert output.read_bytes() == expected
    assert sorted(array.parent.iterdir()) == [array, output]


def test_a_pipe_takes_the_output_and_is_no_input(array: Path, expected: bytes) -> None:
    pipe = array.with_name("pipe")
    os.mkfifo(pipe)
    assert failed_in_one_line(invoke("normalize", pipe), 3, "is a pipe")
    with start(array, "--save", pipe) as program:
        received = subprocess.run(["cat", pipe], capture_output=True, check=True, timeout=60).stdout
        assert program.communicate()[1] == ""
    assert program.returncode == 0
    assert received == expected


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_told_before_the_work(array: Path) -> None:
    array.parent.chmod(0o555)
    assert failed_in_one_line(invoke("normalize", array, "--save", array.with_name("y.npy")), 4, "no permission")
    array.parent.chmod(0o755)


def cut_short(path: Path) -> None:
    os.truncate(path, 1 << 20)


def touch(path: Path) -> None:
    os.utime(path, ns=(1, 1))


@pytest.mark.parametrize(("change", "message"), [(cut_short, "shrank"), (touch, "changed while it was read")])
def test_an_input_that_changes_during_the_run_is_noticed_and_nothing_is_written(
    array: Path, change: Callable[[Path], None], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    advance = ByteProgress.advance

    def change_at_once(progress: ByteProgress, num_bytes: int) -> None:
        change(array)
        advance(progress, num_bytes)

    monkeypatch.setattr(ByteProgress, "advance", change_at_once)
    assert failed_in_one_line(invoke("normalize", array, "--save", array.with_name("y.npy")), 3, message)
    assert list(array.parent.iterdir()) == [array]


@pytest.mark.parametrize("cut", [1, 100, 127, 128, 5000, 1 << 22])
def test_an_input_that_was_cut_short_is_refused(array: Path, cut: int) -> None:
    os.truncate(array, cut)
    completed = invoke("normalize", array, "--save", array.with_name("y.npy"))
    assert completed.exit_code == 3
    assert str(array) in completed.stderr
    assert list(array.parent.iterdir()) == [array]


@pytest.mark.parametrize("shape", ["(1099511627776, 1048576)", "(4, 9223372036854775807, 4)", "(-1, 3)", "(10**9, 3)"])
def test_a_huge_or_broken_shape_is_refused_before_any_memory_is_taken(tmp_path: Path, shape: str) -> None:
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    path = tmp_path / "x.npy"
    path.write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + bytes(100))
    completed = invoke("normalize", path)
    assert completed.exit_code == 3
    assert len(completed.stderr.splitlines()) <= 2

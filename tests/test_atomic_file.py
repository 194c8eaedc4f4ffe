from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bncli.atomic_file import atomic_file, check_writable
from bncli.errors import BncliError, OutputExists, OutputFailed

OLD = b"old content"
NEW = b"new content" * 10_000
STAND_IN = Path(__file__).parent / "cli" / "stand_in.py"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(STAND_IN.parents[2])}


def write(path: Path, content: bytes = NEW, *, force: bool = False) -> None:
    with atomic_file(path, force=force) as file:
        file.write(content)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    path = tmp_path / "target"
    path.write_bytes(OLD)
    return path


def test_a_new_file_has_the_content_and_the_mode_that_the_umask_leaves(tmp_path: Path) -> None:
    previous = os.umask(0o027)
    try:
        write(tmp_path / "new")
    finally:
        os.umask(previous)
    assert (tmp_path / "new").read_bytes() == NEW
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [tmp_path / "new"]


def test_a_file_that_exists_is_replaced_only_by_force(target: Path) -> None:
    with pytest.raises(OutputExists, match="target: exists already"):
        write(target)
    assert target.read_bytes() == OLD
    write(target, force=True)
    assert target.read_bytes() == NEW


@pytest.fixture(params=["unnamed files and links", "links", "neither"])
def abilities(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a test on file systems that can do more or less; disks, those of other machines, and memory cards."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    if request.param != "unnamed files and links":
        monkeypatch.delattr("os.O_TMPFILE")
    if request.param == "neither":
        monkeypatch.setattr("os.link", refuse)


@pytest.mark.usefixtures("abilities")
def test_a_file_that_came_meanwhile_is_replaced_only_by_force(tmp_path: Path) -> None:
    target = tmp_path / "target"

    def write_while_another_does(*, force: bool) -> None:
        with atomic_file(target, force=force) as file:
            target.write_bytes(OLD)
            file.write(NEW)

    with pytest.raises(OutputExists, match="target: exists already"):
        write_while_another_does(force=False)
    assert target.read_bytes() == OLD
    target.unlink()
    write_while_another_does(force=True)
    assert target.read_bytes() == NEW
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.usefixtures("abilities")
def test_a_new_file_is_written_wherever(tmp_path: Path) -> None:
    write(tmp_path / "new")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("new", NEW)]


def test_a_replaced_file_passes_its_mode_on(target: Path) -> None:
    target.chmod(0o604)
    write(target, force=True)
    assert target.stat().st_mode & 0o777 == 0o604


def test_the_old_content_stands_until_the_new_one_is_complete(target: Path) -> None:
    with atomic_file(target, force=True) as file:
        file.write(NEW)
        file.flush()
        assert target.read_bytes() == OLD
    assert target.read_bytes() == NEW


def test_who_reads_the_old_file_meanwhile_reads_it_to_its_end(target: Path) -> None:
    with target.open("rb") as reader:
        write(target, force=True)
        assert reader.read() == OLD


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, MemoryError])
def test_an_exception_leaves_the_old_file_and_nothing_else(target: Path, error: type[BaseException]) -> None:
    def fail_half_way() -> None:
        with atomic_file(target, force=True) as file:
            file.write(NEW)
            raise error

    with pytest.raises(error):
        fail_half_way()
    assert target.read_bytes() == OLD
    assert list(target.parent.iterdir()) == [target]


def test_an_error_of_ours_passes_as_it_is(target: Path) -> None:
    def fail() -> None:
        with atomic_file(target, force=True):
            raise BncliError("something else")

    with pytest.raises(BncliError, match="something else"):
        fail()


def test_a_symbolic_link_is_written_through(target: Path) -> None:
    link = target.with_name("link")
    link.symlink_to(target.name)
    write(link, force=True)
    assert link.is_symlink()
    assert target.read_bytes() == NEW


def test_a_link_to_nothing_makes_the_file_it_points_to(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("later")
    write(tmp_path / "link")
    assert (tmp_path / "later").read_bytes() == NEW


def test_links_in_a_circle_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OutputFailed):
        write(tmp_path / "a")


def test_a_second_name_of_the_old_file_keeps_the_old_content(target: Path) -> None:
    other = target.with_name("other")
    other.hardlink_to(target)
    write(target, force=True)
    assert (target.read_bytes(), other.read_bytes()) == (NEW, OLD)


@pytest.mark.parametrize("check_only", [True, False])
def test_a_folder_and_a_missing_folder_are_refused(tmp_path: Path, check_only: bool) -> None:
    for path, message in [(tmp_path, "is a folder"), (tmp_path / "missing" / "file", "there is no folder")]:
        with pytest.raises(OutputFailed, match=message):
            check_writable(path, force=True) if check_only else write(path, force=True)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_refused_before_anything_is_computed(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    with pytest.raises(OutputFailed, match="no permission"):
        check_writable(tmp_path / "file", force=False)


def test_a_device_is_written_to_and_never_replaced() -> None:
    write(Path("/dev/null"))
    assert Path("/dev/null").is_char_device()


def test_a_full_device_is_told_in_one_line() -> None:
    with pytest.raises(OutputFailed, match=r"^/dev/full: No space left on device$"):
        write(Path("/dev/full"))


def test_a_pipe_is_written_to_and_never_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE) as reader:
        write(pipe)
        assert reader.communicate()[0] == NEW
    assert pipe.is_fifo()


def test_a_name_as_long_as_the_system_takes_is_written(tmp_path: Path) -> None:
    write(tmp_path / ("层" * 85))
    assert (tmp_path / ("层" * 85)).read_bytes() == NEW


def test_a_file_that_outgrows_its_limit_leaves_the_old_one(target: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
    try:
        with pytest.raises(OutputFailed, match="target: File too large"):
            write(target, force=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert target.read_bytes() == OLD
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failure_at_the_last_steps_leaves_the_old_file(
    target: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(*(("os.fsync", fail) if step == "fsync" else (Path, "replace", fail)))
    with pytest.raises(OutputFailed, match="Input/output error"):
        write(target, force=True)
    assert target.read_bytes() == OLD
    assert list(target.parent.iterdir()) == [target]


def start_writing(path: Path, *, megabytes: int, pause: float) -> subprocess.Popen[str]:
    """Start a program that replaces the file, and return when it has begun."""
    command = [sys.executable, STAND_IN, "write", path, "--megabytes", str(megabytes), "--pause", str(pause)]
    program = subprocess.Popen(command, stderr=subprocess.PIPE, encoding="utf-8", env=ENVIRONMENT)
    assert program.stderr is not None
    assert program.stderr.readline() == "started\n"
    return program


def is_complete(path: Path, megabytes: int) -> bool:
    content = path.read_bytes()
    return len(content) == megabytes * 2**20 and len(set(content)) == 1


def test_a_kill_at_any_moment_leaves_the_old_file_or_the_new_one(target: Path) -> None:
    for attempt in range(20):
        target.write_bytes(OLD)
        with start_writing(target, megabytes=8, pause=0) as program:
            time.sleep(attempt * 0.002)
            program.kill()
        assert target.read_bytes() == OLD or is_complete(target, 8)
        # Only a rename replaces a file: a kill in the instant after the new one got a name leaves it whole beside it.
        for neighbour in target.parent.glob(".bncli-*.tmp"):
            assert target.read_bytes() == OLD
            assert is_complete(neighbour, 8)
            neighbour.unlink()
        assert list(target.parent.iterdir()) == [target]


def test_a_kill_at_any_moment_leaves_no_file_or_the_new_one_alone(target: Path) -> None:
    for attempt in range(20):
        target.unlink(missing_ok=True)
        with start_writing(target, megabytes=8, pause=0) as program:
            time.sleep(attempt * 0.002)
            program.kill()
        assert not any(target.parent.iterdir()) or (
            list(target.parent.iterdir()) == [target] and is_complete(target, 8)
        )


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_program_removes_what_was_half_made(target: Path, number: int, code: int) -> None:
    with start_writing(target, megabytes=2, pause=30) as program:
        program.send_signal(number)
        _, rest = program.communicate()
    assert (program.returncode, rest) == (code, "")
    assert target.read_bytes() == OLD
    assert list(target.parent.iterdir()) == [target]


def test_two_programs_that_write_one_file_leave_one_whole_result(target: Path) -> None:
    programs = [start_writing(target, megabytes=8, pause=0.1) for _ in range(2)]
    for program in programs:
        with program:
            program.wait()
    assert [program.returncode for program in programs] == [0, 0]
    assert is_complete(target, 8)
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.skipif(not os.access("/dev/shm", os.W_OK), reason="needs files in memory")  # noqa: S108 - the folder itself
def test_a_file_in_memory_is_a_file_like_others() -> None:
    with TemporaryDirectory(dir="/dev/shm") as folder:
        path = Path(folder) / "f"
        for content in (b"long content", b"short"):
            with atomic_file(path, force=True) as file:
                file.write(content)
            assert path.read_bytes() == content
        with pytest.raises(OutputExists), atomic_file(path, force=False):
            pass

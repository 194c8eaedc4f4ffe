"""Tests that work of several processes is done whole, whatever happens to one of them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from bncli.core.backends import shared_jobs
from bncli.core.backends.shared_jobs import MOST_JOBS, num_processes, share
from tests.helpers.invoke import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

# The tests' own process may have threads; what its copies do here needs none of them.
pytestmark = pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")


class Listing:
    """Jobs that note their numbers; in a copy of this process something else may happen first."""

    def __init__(self, num_jobs: int, in_a_copy: Callable[[int], object] = lambda _: time.sleep(0.002)) -> None:
        self.num_jobs = num_jobs
        self.in_a_copy = in_a_copy
        self.own = os.getpid()
        self.done: list[int] = []
        self.absorbed: list[list[int]] = []

    def do(self, job: int) -> None:
        if os.getpid() != self.own:
            self.in_a_copy(job)
        else:
            time.sleep(0.001)
        self.done.append(job)

    def to_bytes(self) -> bytes:
        return json.dumps(self.done).encode()

    def absorb(self, content: bytes) -> None:
        self.absorbed.append(json.loads(content))


@pytest.mark.parametrize("processes", [1, 2, 4])
@pytest.mark.parametrize("num_jobs", [1, 3, 100])
def test_every_job_is_done_once_and_every_result_comes_back(num_jobs: int, processes: int) -> None:
    work, told = Listing(num_jobs), []
    share(work, processes, told.append)
    assert sorted(chain(work.done, *work.absorbed)) == list(range(num_jobs))
    assert len(work.absorbed) == processes - 1
    assert told == work.done == sorted(work.done)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


class Waiting(Listing):
    """Jobs of which this process does the first when its copies have begun, and left a file each."""

    def __init__(self, folder: Path, num_copies: int, in_a_copy: Callable[[int], object] = lambda _: None) -> None:
        super().__init__(50, in_a_copy)
        self.folder = folder
        self.num_copies = num_copies

    def do(self, job: int) -> None:
        if os.getpid() != self.own:
            (self.folder / str(os.getpid())).touch()
        else:
            wait_until(lambda: len(self.copies()) == self.num_copies)
        super().do(job)

    def copies(self) -> list[int]:
        return [int(path.name) for path in self.folder.iterdir()]


def test_all_processes_take_part(tmp_path: Path) -> None:
    work = Waiting(tmp_path, 2, lambda _: time.sleep(0.05))
    share(work, 3)
    assert all([work.done, *work.absorbed])


def test_as_many_jobs_as_are_allowed_fit_into_the_smallest_pipe_that_a_system_gives() -> None:
    assert MOST_JOBS * 4 <= 4096
    work = Listing(MOST_JOBS, lambda _: None)
    share(work, 2)
    assert sorted(work.done + work.absorbed[0]) == list(range(MOST_JOBS))


def test_results_of_any_length_come_back() -> None:
    class Long(Listing):
        def to_bytes(self) -> bytes:
            return json.dumps([0] * 10**6).encode()

    work = Long(5)
    share(work, 3)
    assert [len(content) for content in work.absorbed] == [10**6, 10**6]


def num_descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def kill(_: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fail(_: int) -> NoReturn:
    raise MemoryError


@pytest.mark.parametrize("mishap", [kill, fail])
def test_what_another_process_could_not_do_is_done_here(mishap: Callable[[int], None]) -> None:
    work = Listing(50, mishap)
    share(work, 3)
    assert sorted(work.done) == list(range(50))
    assert not any(work.absorbed)


def test_a_program_that_is_not_told_how_others_end_does_all_itself() -> None:
    work, before = Listing(20), signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        share(work, 3)
    finally:
        signal.signal(signal.SIGCHLD, before)
    assert (sorted(work.done), work.absorbed) == (list(range(20)), [])


def test_without_room_for_another_process_all_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> NoReturn:
        raise BlockingIOError

    monkeypatch.setattr(os, "fork", refuse)
    work, before = Listing(5), num_descriptors()
    share(work, 3)
    assert work.done == list(range(5))
    assert num_descriptors() == before


class Failing(Waiting):
    def do(self, job: int) -> None:
        super().do(job)
        if job == 30:
            raise EOFError("short at 30")


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_an_error_is_raised_here_whoever_met_it_and_leaves_no_process_and_no_descriptor(tmp_path: Path) -> None:
    before = num_descriptors()
    with pytest.raises(EOFError, match="short at 30"):
        share(work := Failing(tmp_path, 2, lambda _: time.sleep(0.01)), 3)
    assert not any(map(is_running, work.copies()))
    assert num_descriptors() == before


def test_an_interruption_leaves_no_process(tmp_path: Path) -> None:
    class Interrupted(Waiting):
        def do(self, job: int) -> None:
            super().do(job)
            if os.getpid() == self.own:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        share(work := Interrupted(tmp_path, 1, lambda _: time.sleep(60)), 2)
    assert not any(map(is_running, work.copies()))


ORPHANS = """
import os, pathlib, sys, time
from bncli.core.backends.shared_jobs import share

class Slow:
    num_jobs = 1000
    def do(self, job):
        (pathlib.Path(sys.argv[1]) / str(os.getpid())).touch()
        time.sleep(0.01)
    def to_bytes(self): return b""
    def absorb(self, content): pass

share(Slow(), 2)
"""


def test_copies_of_a_process_that_was_killed_end_with_their_job(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ORPHANS, tmp_path], cwd=ROOT) as program:
        wait_until(lambda: len(list(tmp_path.iterdir())) == 2)
        program.kill()
    pids = [int(path.name) for path in tmp_path.iterdir()]
    wait_until(lambda: not any(map(is_running_and_no_zombie, pids)))


def is_running_and_no_zombie(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


def test_a_process_with_threads_works_alone() -> None:
    printed = "import threading; from bncli.core.backends.shared_jobs import num_processes; print(num_processes())"
    waiting = "import threading; threading.Thread(target=threading.Event().wait, args=(5,)).start()\n"
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    alone, threaded = (
        subprocess.run(
            [sys.executable, "-c", begin + printed], cwd=ROOT, env=environment, capture_output=True, check=True
        ).stdout
        for begin in ("", waiting)
    )
    assert int(alone) == min(4, len(os.sched_getaffinity(0)))
    assert int(threaded) == 1


def test_a_system_that_does_not_tell_of_threads_is_left_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shared_jobs, "_THREADS", tmp_path / "none")
    assert num_processes() == 1

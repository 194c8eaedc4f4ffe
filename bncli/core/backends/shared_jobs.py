"""Work that several processes share, job by job: threads would wait for each other at Python's interpreter.

Every process is a copy of this one that ends with the work. Whoever is free takes the next job. What a helper could not
do is done again here, so that an error is raised where it is told, and a helper that is killed costs nothing but time.
"""

from __future__ import annotations

import os
import signal
from array import array
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, Protocol, Self

from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MOST_JOBS = 1024
"""As many as the smallest queue holds: the system may give a pipe no more than a page."""
_MOST_PROCESSES = 4
_THREADS = Path("/proc/self/task")
_NUMBER_TYPE = "I"
_NUMBER_BYTES = array(_NUMBER_TYPE).itemsize
_ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class SharedWork(Protocol):
    """Jobs that any process may do, and what came out of those that this one did."""

    @property
    def num_jobs(self) -> int:
        """How many jobs there are, `MOST_JOBS` at most."""

    def do(self, job: int) -> None:
        """Do one job; counted from 0."""

    def to_bytes(self) -> bytes:
        """Return what came out of all jobs that this process did."""

    def absorb(self, content: bytes) -> None:
        """Take in what `to_bytes` gave in another process."""


def num_processes() -> int:
    """Return how many processes may share a work: as many as there are processors for it, up to 4.

    1 where processes cannot be copied safely: where this one has other threads, or the system does not tell.
    """
    if not _THREADS.is_dir() or sum(1 for _ in _THREADS.iterdir()) > 1:
        return 1
    return min(_MOST_PROCESSES, len(os.sched_getaffinity(0)))


def share(work: SharedWork, processes: int, report: Callable[[int], None] = lambda _: None) -> None:
    """Have all jobs done, in no certain order, and take in what came out of them.

    Args:
        work: the jobs.
        processes: how many processes take part, this one included.
        report: told each job that was done here; all jobs before it were done, or are being done.

    Raises:
        BaseException: what a job raised. Helpers have ended then.
    """
    queue = _queue(work.num_jobs)
    helpers: list[_Helper] = []
    try:
        with suppress(OSError):  # the system has no room for more processes
            helpers.extend(_Helper.start(work, queue) for _ in range(processes - 1))
        done = set()
        for job in _taken_from(queue):
            work.do(job)
            done.add(job)
            report(job)
        for helper in helpers:
            done |= helper.finish(work)
        for job in range(work.num_jobs):
            if job not in done:
                work.do(job)
    finally:
        os.close(queue)
        for helper in helpers:
            helper.end()


def _queue(num_jobs: int) -> int:
    """Return the reading end of a pipe that holds the numbers of all jobs."""
    reader, writer = os.pipe()
    os.write(writer, array(_NUMBER_TYPE, range(num_jobs)))
    os.close(writer)
    return reader


def _taken_from(queue: int) -> Iterator[int]:
    """Yield jobs that no other process takes, until there is none left."""
    while number := os.read(queue, _NUMBER_BYTES):
        yield from array(_NUMBER_TYPE, number)


@dataclass(slots=True)
class _Helper:
    """Another process at work."""

    pid: int | None
    """`None` once it has ended."""
    results: int
    """Reading end of a pipe."""

    @classmethod
    def start(cls, work: SharedWork, queue: int) -> Self:
        """Start a process that takes jobs from a queue."""
        reader, writer = os.pipe()
        parent = os.getpid()
        # A signal that came to the copy before it is a helper would take it through this program's own clean-up.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING_SIGNALS)
        try:
            pid = os.fork()
            if pid == 0:
                for number in _ENDING_SIGNALS:
                    signal.signal(number, signal.SIG_DFL)
                signal.pthread_sigmask(signal.SIG_SETMASK, mask)
                _help(work, queue, writer, parent)
        except BaseException:
            os.close(reader)
            raise
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            os.close(writer)
        return cls(pid, reader)

    def finish(self, work: SharedWork) -> set[int]:
        """Wait for the process and take in what it did; return its jobs, none if it failed."""
        content = b"".join(iter(lambda: os.read(self.results, 1 << 20), b""))
        if not self._has_succeeded():
            return set()
        (num_done,) = array(_NUMBER_TYPE, content[:_NUMBER_BYTES])
        stop = _NUMBER_BYTES * (1 + num_done)
        work.absorb(content[stop:])
        return set(array(_NUMBER_TYPE, content[_NUMBER_BYTES:stop]))

    def end(self) -> None:
        """End the process if it has not ended by itself."""
        if self.pid is not None:
            os.kill(self.pid, signal.SIGKILL)
            self._has_succeeded()
        os.close(self.results)

    def _has_succeeded(self) -> bool:
        """Wait for the end of the process, once, and return whether it did all that it began."""
        assert self.pid is not None  # noqa: S101 - see above
        pid, self.pid = self.pid, None
        try:
            return os.waitpid(pid, 0)[1] == 0
        except ChildProcessError:  # whoever started this program had it ignore how others end
            return False


def _help(work: SharedWork, queue: int, results: int, parent: int) -> NoReturn:
    """Do jobs while there are any, write down what came out, and end this process."""
    exit_code = 1
    try:
        done = []
        for job in _taken_from(queue):
            if os.getppid() != parent:  # nobody waits any longer
                os._exit(exit_code)
            work.do(job)
            done.append(job)
        with os.fdopen(results, "wb") as file:
            file.write(array(_NUMBER_TYPE, (len(done), *done)))
            file.write(work.to_bytes())
        exit_code = 0
    except BaseException:  # noqa: BLE001 - the job is done again where errors are told
        for _ in _taken_from(queue):
            pass  # the others need not go on
    finally:
        os._exit(exit_code)

"""What one run of a program costs: time, memory, and bytes from the disk."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

_DISK_BLOCK_BYTES = 512
_MEMORY_UNIT_BYTES = 1024


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run of a program took."""

    seconds: float
    """From its start to its end."""
    peak_bytes: int
    """The most memory that was resident, a memory map's pages included."""
    disk_bytes: int
    """What the system read from the disk for it, by reads and by page faults; none where all was cached."""


def measure(command: Sequence[str]) -> Cost:
    """Run a program to its end. The caller should be small: a new process starts with its parent's peak of memory.

    Raises:
        RuntimeError: the program fails.
    """
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command[:4])} ... ended with {process.returncode}")
    return Cost(seconds, usage.ru_maxrss * _MEMORY_UNIT_BYTES, usage.ru_inblock * _DISK_BLOCK_BYTES)


def forget_cached(paths: Iterable[Path]) -> None:
    """Make the system forget what it holds of files in memory, so that the next reader has to go to the disk."""
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)

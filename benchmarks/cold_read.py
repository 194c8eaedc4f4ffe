"""Counts what a program reads from the disk when the files that it is given are not cached."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

_DISK_BLOCK_BYTES = 512


def bytes_from_disk(command: Sequence[str], files: Iterable[Path]) -> int:
    """Run a program, and return how many bytes the system read from the disk for it, by reads and by page faults.

    Args:
        command: the program and its arguments; it runs once before, so that its own files are cached.
        files: what the system is made to forget.
    """
    _blocks_read(command)
    for path in files:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)
    return _blocks_read(command) * _DISK_BLOCK_BYTES


def _blocks_read(command: Sequence[str]) -> int:
    program = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(program.pid, 0)
    program.returncode = os.waitstatus_to_exitcode(status)
    if status:
        raise SystemExit(f"{' '.join(command)} failed")
    return usage.ru_inblock

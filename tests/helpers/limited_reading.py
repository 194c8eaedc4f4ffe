"""Reads a file in a process of its own that has little memory and little time: what hurts it ends it by a signal."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MEMORY_LIMIT = 1024**3
TIME_LIMIT_SECONDS = 60

_READING = """
import pathlib, resource, sys
path, memory, seconds = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
from bncli.analysis.layer_discovery import survey
from bncli.errors import BncliError
from bncli.formats.detection import open_named_arrays
try:
    with open_named_arrays(path) as arrays:
        arrays.read_many(arrays.specs)
        survey(arrays)
except BncliError as error:
    print(error)
    sys.exit(error.exit_code)
"""


def read_in_a_process_of_its_own(
    path: Path, time_limit_seconds: int = TIME_LIMIT_SECONDS
) -> subprocess.CompletedProcess[str]:
    """Read all arrays of a file and find its layers; an error is printed in one line, and gives the exit code.

    Args:
        path: the file.
        time_limit_seconds: of the processor.
    """
    return subprocess.run(
        [sys.executable, "-c", _READING, str(path), str(MEMORY_LIMIT), str(time_limit_seconds)],
        check=False,
        capture_output=True,
        encoding="utf-8",
        timeout=10 * time_limit_seconds,
    )

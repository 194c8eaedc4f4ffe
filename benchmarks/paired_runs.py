"""Times commands in turns, each in a process of its own, so that a noisy machine disturbs all of them alike."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


@dataclass(frozen=True)
class Timing:
    """Several runs of one command."""

    seconds: float
    """Median wall time of the whole process."""
    peak_mib: float
    """Largest resident memory of any run."""


def paired_runs(commands: Mapping[str, Sequence[str]], rounds: int, output: Path | None = None) -> dict[str, Timing]:
    """Run every command once in each round, after one round that is not counted, and return its timings.

    Args:
        commands: command lines by name.
        rounds: how often.
        output: a file that every command writes anew; removed before each run.
    """
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    peaks = dict.fromkeys(commands, 0.0)
    for _ in range(rounds + 1):
        for name, command in commands.items():
            if output is not None:
                output.unlink(missing_ok=True)
            wall, peak = _run(command)
            seconds[name].append(wall)
            peaks[name] = max(peaks[name], peak)
    return {name: Timing(statistics.median(walls[1:]), peaks[name]) for name, walls in seconds.items()}


def _run(command: Sequence[str]) -> tuple[float, float]:
    """Return wall seconds and peak memory in MiB."""
    begin = time.perf_counter()
    # As an installed program runs: from bytecode that an earlier run has left, whatever this shell says of it.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    program = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment)
    _, status, usage = os.wait4(program.pid, 0)
    wall = time.perf_counter() - begin
    if status:
        raise SystemExit(f"{' '.join(command)} failed")
    program.returncode = 0
    return wall, usage.ru_maxrss / (1024 if sys.platform.startswith("linux") else 1024**2)

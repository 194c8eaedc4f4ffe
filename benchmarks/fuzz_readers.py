"""Changes files of every format at random, and demands that each is read, or refused in one line.

python -m benchmarks.fuzz_readers --inputs 20000 --reader torch-zip

Seeds come from the tests: a format with a writer in `tests/helpers/format_files.py` is searched without further ado.
Each reader runs in a process of its own, under a limit of memory, an alarm for every input, and an audit hook.
"""

from __future__ import annotations

import argparse
import io
import json
import pickle
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.fuzzed_reader import PICKLES, RECORDINGS
from tests.helpers import mutation_seeds
from tests.helpers.format_files import STATE
from tests.helpers.mutation_seeds import SEEDS

MOST_SECONDS = 1.0
MOST_MEBIBYTES = 1024.0
COLUMNS = "| {:<26} | {:>9} | {:>9} | {:>9} | {:>8} | {:>8} | {:>8} |"


def write_pickles(folder: Path) -> None:
    """Write what is inside torch's zips and raw pickles, for the pickle machine alone."""
    folder.mkdir()
    tensors = {name: torch.from_numpy(values.copy()) for name, values in STATE.items()}
    values: dict[str, Any] = {"state": tensors, "module": torch.nn.Sequential(torch.nn.BatchNorm1d(2)), "raw": None}
    for name, value in values.items():
        for protocol in range(6):
            path = folder / f"{name}-{protocol}"
            if value is None:
                path.write_bytes(pickle.dumps({"model": dict(STATE), "epoch": 3, "rate": 0.1}, protocol))
            elif protocol >= 2:
                path.write_bytes(_pickle_in_zip(value, protocol))


def write_recordings(folder: Path) -> None:
    """Write recordings: finished, complete, and cut off."""
    folder.mkdir()
    for name, write in mutation_seeds.RECORDINGS.items():
        write(folder / name)


def _pickle_in_zip(value: Any, protocol: int) -> bytes:
    buffer = io.BytesIO()
    torch.save(value, buffer, pickle_protocol=protocol)
    with zipfile.ZipFile(buffer) as archive:
        return next(archive.read(name) for name in archive.namelist() if name.endswith("data.pkl"))


def fuzz(folder: Path, num_inputs: int, seed: int) -> dict[str, Any]:
    """Return the outcome of one reader, in a process that may die."""
    command = [sys.executable, "-m", "benchmarks.fuzzed_reader", str(folder), str(num_inputs), str(seed)]
    completed = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    if completed.returncode == 0:
        outcome: dict[str, Any] = json.loads(completed.stdout)
        return outcome
    last_words = completed.stderr.strip().rpartition("\n")[2]
    return {"inputs": 0, "read": 0, "refused": {}, "slowest_seconds": 0.0, "peak_mebibytes": 0.0, "events": []} | {
        "failures": [f"ended with {completed.returncode} at what lies in {folder}: {last_words}"]
    }


def is_sound(outcome: dict[str, Any]) -> bool:
    """Whether nothing escaped, nothing foreign was asked for, and no input took too long or too much."""
    return (
        not outcome["failures"]
        and not outcome["events"]
        and outcome["slowest_seconds"] <= MOST_SECONDS
        and outcome["peak_mebibytes"] <= MOST_MEBIBYTES
    )


def main() -> int:
    """Print one row for each reader; the exit code is 1 where any is not sound."""
    readers = [PICKLES, RECORDINGS, *SEEDS]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=20_000, help="for each reader")
    parser.add_argument("--reader", action="append", choices=readers, help="only these; may be repeated")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.manual_seed(0)
    print(COLUMNS.format("reader", "inputs", "read", "refused", "slowest", "peak", "failures"))
    print(COLUMNS.format(*("-" * width for width in (26, 9, 9, 9, 8, 8, 8))))
    root = Path(tempfile.mkdtemp(prefix="bncli-fuzz-"))
    num_unsound = 0
    for name in options.reader or readers:
        folder = root / name.replace(" ", "-").replace(",", "")
        if name == PICKLES:
            write_pickles(folder)
        elif name == RECORDINGS:
            write_recordings(folder)
        else:
            folder.mkdir()
            SEEDS[name](folder / "file")
        outcome = fuzz(folder, options.inputs, options.seed)
        num_unsound += not is_sound(outcome)
        counts = (outcome["inputs"], outcome["read"], sum(outcome["refused"].values()))
        limits = (f"{outcome['slowest_seconds']:.3f} s", f"{outcome['peak_mebibytes']:.0f} MiB")
        print(COLUMNS.format(name, *counts, *limits, len(outcome["failures"])), flush=True)
        for line in (*outcome["failures"], *(f"asked for {event}" for event in outcome["events"])):
            print(f"  {line}", file=sys.stderr)
    print(f"\nseed {options.seed}, NumPy {np.__version__}, Python {sys.version.split()[0]}; files in {root}")
    return 1 if num_unsound else 0


if __name__ == "__main__":
    sys.exit(main())

"""Opens changed files in a process of its own, watched and limited; `fuzz_readers` starts one for each reader.

python -m benchmarks.fuzzed_reader FOLDER INPUTS SEED
"""

from __future__ import annotations

# Codecs that readers use, and what refusals need: whatever is imported after the start was asked for by a file.
import encodings.ascii
import encodings.cp437
import encodings.latin_1
import encodings.raw_unicode_escape  # noqa: F401
import json
import resource
import signal
import sys
import time
import warnings
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bncli.analysis.batch_evidence import batch_evidence
from bncli.errors import BncliError
from bncli.formats.detection import all_formats, open_named_arrays
from bncli.formats.pickled_objects.torch_storages import storage_of
from bncli.formats.pickled_objects.tree import walk_objects
from bncli.formats.pickles.machine import Machine
from bncli.formats.recognized_only import UNREAD_KINDS  # noqa: F401
from bncli.formats.suggested_paths import index_beside  # noqa: F401
from bncli.recording.opening import is_recording, open_recording
from tests.helpers.mutations import mutated

if TYPE_CHECKING:
    from collections.abc import Callable

ADDRESS_SPACE_BYTES = 4 * 1024**3
HANG_SECONDS = 10
"""Of the processor: what else the machine does must not look like a hang."""
STUCK_SECONDS = 600
"""By the clock, for an input that waits for something and takes no processor time."""
MOST_EVENTS = 5
PICKLES = "pickles"
"""A folder of this name holds pickles for the machine alone."""
RECORDINGS = "recordings"
"""A folder of this name holds recordings."""
HARMLESS_EVENTS = {"builtins.id", "object.__getattr__", "os.listdir", "os.scandir", "array.__new__"}


class Hang(BaseException):
    """An input took so long that the alarm went off."""


@dataclass
class Outcome:
    """What became of the inputs."""

    inputs: int = 0
    read: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    slowest_seconds: float = 0.0
    peak_mebibytes: float = 0.0
    failures: list[str] = field(default_factory=list)
    """Exceptions that no user should see, with the input that caused them."""
    events: list[str] = field(default_factory=list)
    """What the interpreter was asked for that reading a file does not need."""


def main() -> int:
    """Change the files in a folder again and again, open them, and print the outcome as JSON."""
    warnings.simplefilter("ignore")  # as the program does; to show one opens the source
    folder, num_inputs, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE_BYTES, ADDRESS_SPACE_BYTES))
    for alarm in (signal.SIGPROF, signal.SIGALRM):
        signal.signal(alarm, _alarm)
    outcome = Outcome()
    contents = {file: file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}
    take = {PICKLES: _take_pickle, RECORDINGS: _take_recording}.get(folder.name, _take_file)
    _warm_up(take, folder, contents)
    rng = np.random.default_rng(seed)
    mutated(b"PK", rng)
    _watch(folder, outcome.events)
    for number in range(num_inputs):
        file, content = list(contents.items())[number % len(contents)]
        _measure(outcome, take, folder, file, mutated(content, rng))
        if take is not _take_pickle:
            _overwrite(file, content)
    outcome.inputs = num_inputs
    outcome.peak_mebibytes = _peak_mebibytes()
    print(json.dumps(vars(outcome)))
    return 0


def _measure(
    outcome: Outcome, take: Callable[[Path, Path, bytes], None], folder: Path, file: Path, content: bytes
) -> None:
    if take is not _take_pickle:
        # Written before it is opened: should the process die, this is the input that killed it.
        _overwrite(file, content)
    signal.setitimer(signal.ITIMER_PROF, HANG_SECONDS)
    signal.alarm(STUCK_SECONDS)
    start = time.process_time()
    try:
        take(folder, file, content)
        outcome.read += 1
    except BncliError as error:
        outcome.refused[type(error).__name__] += 1
    except (Exception, Hang) as error:  # noqa: BLE001 - whatever escapes is what the search is for
        kept = folder.parent / f"{folder.name}-failure-{len(outcome.failures)}"
        kept.write_bytes(content)
        outcome.failures.append(f"{type(error).__name__}: {error} ({file.name} as {kept})")
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.alarm(0)
    outcome.slowest_seconds = max(outcome.slowest_seconds, time.process_time() - start)


def _overwrite(file: Path, content: bytes) -> None:
    # Some file systems flush a file to the disk that was emptied first, which takes longer than to read it.
    with file.open("r+b") as existing:
        existing.write(content)
        existing.truncate()


def _take_file(folder: Path, _file: Path, _content: bytes) -> None:
    with open_named_arrays(folder / "file") as arrays:
        arrays.read_many(arrays.specs)


def _take_pickle(_folder: Path, file: Path, content: bytes) -> None:
    try:
        objects, _ = Machine(content, file.name, storage_of).run()
        walk_objects(objects)
    except ValueError as fault:
        # What a reader makes of the machine's refusals, which are all of this kind.
        raise BncliError(str(fault)) from fault


def _take_recording(_folder: Path, file: Path, _content: bytes) -> None:
    is_recording(file)
    with open_recording(file) as recording:
        for layer in recording.layers():
            batch_evidence(layer)


def _warm_up(take: Callable[[Path, Path, bytes], None], folder: Path, contents: dict[Path, bytes]) -> None:
    """Import every reader, and what this one imports when it has something to read."""
    all_formats()
    if take is not _take_pickle:
        for file in contents:
            take(folder, file, b"")


def _watch(folder: Path, events: list[str]) -> None:
    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event in HARMLESS_EVENTS or len(events) == MOST_EVENTS:
            return
        # A number is a file that was opened before, by its name.
        opens_own_file = event == "open" and (
            type(arguments[0]) is int or str(arguments[0]).startswith((str(folder.parent), "/proc/self/status"))
        )
        if not opens_own_file:
            events.append(f"{event} {arguments!r}"[:200])

    sys.addaudithook(watch)


def _peak_mebibytes() -> float:
    """Return the most memory that this program had; `getrusage` would tell of the one that started it."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def _alarm(_signal: int, _frame: object) -> None:
    raise Hang(f"no answer after {HANG_SECONDS} seconds of the processor, or {STUCK_SECONDS} by the clock")


if __name__ == "__main__":
    sys.exit(main())

"""A newcomer's first steps through the planted checkpoints: what to type, and what it shows."""

from __future__ import annotations

import shlex
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, TypeAlias

from bncli.light_dataclass import dataclass
from bncli.planted.catalogue import FAULTS
from bncli.planted.changes import CHANGES
from bncli.planted.layout import PARENT_PATH, change_path, faulty_path, sound_path

if TYPE_CHECKING:
    from bncli.planted.base import PlantedChange, PlantedFault

Word: TypeAlias = "str | PurePosixPath"
"""A word of a command line; a path is one below the demo's folder, and may hold a `*` for the shell."""


@dataclass(frozen=True, slots=True)
class Step:
    """One command, with what it is for."""

    title: str
    words: tuple[Word, ...]
    """The command line without `bncli`."""
    shows: str
    """What there is to see, in a sentence."""


def command(words: tuple[Word, ...], folder: Path) -> str:
    """Return a command line as it is typed where the demo lies in `folder`."""
    quoted_folder = shlex.quote(str(folder))
    typed = (word if isinstance(word, str) else f"{quoted_folder}/{word}" for word in words)
    return " ".join(("bncli", *typed))


def check_words(fault: PlantedFault) -> tuple[Word, ...]:
    """Return the command that finds a fault."""
    return ("check", faulty_path(fault), *fault.options)


def diff_words(change: PlantedChange) -> tuple[Word, ...]:
    """Return the command that tells what happened."""
    return ("diff", PARENT_PATH, change_path(change), *change.options)


_DEAD = next(fault for fault in FAULTS if fault.code == "BN301")
_OVERFLOWED = next(fault for fault in FAULTS if fault.code == "BN101")
_LEAKY = next(change for change in CHANGES if change.name == "leaky_freeze")

STEPS = (
    Step(
        "A healthy checkpoint",
        ("inspect", "checkpoint", sound_path(_DEAD)),
        "Three layers of 40 channels, 5,000 updates each, with the range of their statistics.",
    ),
    Step("Nothing to find in it", ("check", sound_path(_DEAD)), "No findings, and exit code 0."),
    Step(
        "Its faulty twin",
        ("check", faulty_path(_DEAD)),
        "A warning: the input of channels 2 and 5 of block1.bn is constant. Which rule says so, and what to do.",
    ),
    Step(
        "The channels themselves",
        ("inspect", "checkpoint", faulty_path(_DEAD), "--layer", "block1.bn", "--channels", "--top", "3"),
        "Variances of 1e-20 and 3e-20 beside ordinary ones.",
    ),
    Step("What the rule means", ("rule", _DEAD.code), "Why it matters, its thresholds, and the remedy in PyTorch."),
    Step(
        "An error",
        ("check", faulty_path(_OVERFLOWED)),
        "A channel that gives NaN in eval mode, the batch that caused it, and exit code 1 for scripts.",
    ),
    Step(
        "Many files at once",
        ("check", PurePosixPath("faulty", "*"), "--fail-on", "never"),
        "The worst first, and one line for each rule.",
    ),
    Step(
        "What happened between two checkpoints",
        diff_words(_LEAKY),
        "A leaky freeze: 1,000 updates moved the statistics of layers whose parameters stood still.",
    ),
)

"""A case of the benchmark: how a run's files come about, and what is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from benchmarks.diagnosis.digits import Feed
    from bncli.rules.base import Target


OTHER_SETTINGS = "other-settings"
"""What `diff` says of equal arrays under another eps or momentum, beside its verdict."""


@dataclass(frozen=True)
class Specimen:
    """Files that a run left."""

    path: Path
    """What `check` looks at, and the second file of `diff`."""
    before: Path | None = None
    """The first file of `diff`; `None` where there is nothing to compare."""


@dataclass(frozen=True)
class Case:
    """A fault that users meet, or an ordinary run."""

    name: str
    story: str
    """What happened, in a phrase."""
    make: Callable[[int, Path], Specimen]
    """Run it with a seed, and write its files into a folder."""
    codes: frozenset[str] = frozenset()
    """Rules any of which names the fault; empty where one file cannot show it, or nothing is wrong."""
    consequences: frozenset[str] = frozenset()
    """Rules that rightly speak of what else the fault leads to."""
    verdict: str | None = None
    """What `diff` says, a `Verdict` or `OTHER_SETTINGS`; `None` where there is nothing to compare."""
    targets: tuple[Target, ...] = ()
    """Deployment that is checked for."""
    momentum: float | None = None
    """Given on the command line; `None` where it is not."""
    data: Feed | None = None
    """What the model is for, where a recording of it is held against the file; `None` where none is made."""
    unseen: str = ""
    """Why one file cannot show the fault, and which command can; empty where it can."""


def faults(*codes: str) -> frozenset[str]:
    """Return codes of rules as a set."""
    return frozenset(codes)

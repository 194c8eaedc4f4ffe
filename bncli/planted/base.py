"""The contract of what is planted: a fault in one file, or what happened between two."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from bncli.analysis.verdicts import Verdict
    from bncli.planted.small_model import SmallModel
    from bncli.rules.base import Severity


@dataclass(frozen=True, slots=True, eq=False)
class PlantedFault:
    """A model in the state that one rule is about, beside the same model without it."""

    code: str
    """Of the rule that finds it."""
    severity: Severity
    """Of its finding."""
    story: str
    """What is wrong and how that comes about, in a phrase."""
    faulty: SmallModel
    sound: SmallModel
    options: tuple[str, ...] = ()
    """What `check` needs on the command line beside the file."""
    companions: frozenset[str] = frozenset()
    """Codes of other rules that necessarily hold in that state too."""


@dataclass(frozen=True, slots=True, eq=False)
class PlantedChange:
    """A model as training, or something else, has left it: to be compared with the one that it comes from."""

    name: str
    story: str
    """What happened, in a phrase."""
    after: SmallModel
    verdicts: tuple[Verdict, ...]
    """Of `diff`, layer by layer."""
    options: tuple[str, ...] = ()
    """What `diff` needs on the command line beside the two files."""

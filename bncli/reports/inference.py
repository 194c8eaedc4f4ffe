"""What a report concludes from traces in files: a statement, what it rests on, and what else it could be."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any, Literal

from bncli.light_dataclass import dataclass
from bncli.reports.document import Note

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bncli.reports.document import Tone

Question = Literal["lineage", "provenance", "momentum", "death"]


@dataclass(frozen=True, slots=True)
class Inference:
    """One conclusion, no more certain than its evidence."""

    question: Question
    statement: str
    """The conclusion, a sentence."""
    evidence: str
    """What in the files it rests on, a sentence."""
    caveat: str
    """What else leaves the same traces, a sentence."""
    numbers: Mapping[str, Any] = field(default_factory=dict)
    """The quantities concerned, for programs."""
    tone: Tone = "plain"

    def note(self) -> Note:
        """Return it for people."""
        return Note(f"{self.question}: {self.statement} {self.evidence} {self.caveat}", self.tone)

    def record(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "question": self.question,
            "statement": self.statement,
            "evidence": self.evidence,
            "caveat": self.caveat,
            **self.numbers,
        }

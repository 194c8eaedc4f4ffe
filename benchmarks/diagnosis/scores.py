"""Counts how often the answers were right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bncli.rules.catalogue import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from benchmarks.diagnosis.case import Case
    from benchmarks.diagnosis.judging import Judgement
    from benchmarks.diagnosis.recorded_answers import RecordedAnswers

ERROR_CODES = frozenset(rule.code for rule in RULES if rule.severity == "error")


@dataclass(frozen=True)
class Share:
    """How many of how many."""

    hits: int
    total: int

    @property
    def fraction(self) -> float:
        """1 where there was nothing to hit."""
        return self.hits / self.total if self.total else 1.0

    def __str__(self) -> str:
        return f"{self.hits}/{self.total}"


@dataclass(frozen=True)
class CaseScore:
    """The answers to all runs of one case."""

    case: Case
    judgements: tuple[Judgement, ...]

    @property
    def named(self) -> Share:
        """Runs whose fault `check` names."""
        return share(each.is_named for each in self.judgements)

    @property
    def named_first(self) -> Share:
        """Runs whose fault it names before anything else."""
        return share(each.is_named_first for each in self.judgements)

    @property
    def told_apart(self) -> Share:
        """Runs of which `diff` says what happened."""
        return share(each.is_told_apart for each in self.judgements)

    @property
    def recorded(self) -> tuple[RecordedAnswers, ...]:
        """The answers with data, for each run of which some was recorded; the least shift first."""
        recorded = [each.answers.recorded for each in self.judgements if each.answers.recorded is not None]
        return tuple(sorted(recorded, key=lambda answers: answers.shift))

    @property
    def false_alarms(self) -> tuple[str, ...]:
        """Rules that gave an error or a warning for nothing, once for each run."""
        return tuple(sorted(code for each in self.judgements for code in each.false_alarms))


@dataclass(frozen=True)
class Totals:
    """The answers to all runs."""

    error_recall: Share
    """Runs named, of those whose fault a rule of severity error is about."""
    recall: Share
    """Runs named, of those whose fault one file can show."""
    first: Share
    """Runs whose fault is named first, of those named."""
    precision: Share
    """Runs named, of these and all false alarms, those of ordinary runs included."""
    diff_recall: Share
    diff_precision: Share
    alarmed: Share
    """Ordinary runs with an error or a warning."""


def share(hits: Iterable[bool]) -> Share:
    """Return how many are true."""
    counted = list(hits)
    return Share(sum(counted), len(counted))


def scored(judgements: Sequence[Judgement]) -> tuple[CaseScore, ...]:
    """Return the score of each case, in the order in which cases first come."""
    by_name: dict[str, list[Judgement]] = {}
    for judgement in judgements:
        by_name.setdefault(judgement.case.name, []).append(judgement)
    return tuple(CaseScore(group[0].case, tuple(group)) for group in by_name.values())


def totals(faulty: Sequence[Judgement], healthy: Sequence[Judgement]) -> Totals:
    """Return the overall scores of faulty and of ordinary runs."""
    visible = [each for each in faulty if each.case.codes]
    named = [each for each in visible if each.is_named]
    everything = [*faulty, *healthy]
    num_false_alarms = sum(len(each.false_alarms) for each in everything)
    compared = [each for each in everything if each.case.verdict is not None]
    told = sum(each.is_told_apart for each in compared)
    return Totals(
        error_recall=share(each.is_named for each in visible if each.case.codes <= ERROR_CODES),
        recall=Share(len(named), len(visible)),
        first=share(each.is_named_first for each in named),
        precision=Share(len(named), len(named) + num_false_alarms),
        diff_recall=Share(told, len(compared)),
        diff_precision=Share(told, told + sum(each.is_false_verdict for each in compared)),
        alarmed=share(bool(each.false_alarms) for each in healthy),
    )

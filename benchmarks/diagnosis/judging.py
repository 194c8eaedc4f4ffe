"""Runs `check` and `diff` on what one run of a case left, and holds their answers against the truth."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks.diagnosis.case import OTHER_SETTINGS
from benchmarks.diagnosis.recorded_answers import RecordedAnswers, recorded_answers
from bncli.analysis.comparison import compare
from bncli.analysis.layer_settings import GivenSettings
from bncli.analysis.rank_files import are_rank_files
from bncli.analysis.verdicts import Verdict
from bncli.cli.file_check import check_file
from bncli.cli.opened_checkpoint import open_checkpoint
from bncli.core.batch_norm_layer import Setting
from bncli.rules.catalogue import RULES
from bncli.rules.selection import select_rules

if TYPE_CHECKING:
    from benchmarks.diagnosis.case import Case, Specimen

ALARMING = frozenset({Verdict.LEAKY_FREEZE, Verdict.MOMENTUM_ZERO_OR_DEAD, Verdict.RANKS_DISAGREE})
"""Verdicts that tell of a fault wherever they are given; the others have ordinary causes too."""


@dataclass(frozen=True)
class Answers:
    """What was said of one run."""

    found: tuple[tuple[str, str], ...]
    """Code and severity of each rule that spoke, the worst first."""
    verdict: str | None
    """The most alarming one of `diff`, or `OTHER_SETTINGS`; `None` where nothing was compared."""
    recorded: RecordedAnswers | None
    """With recorded data; `None` where none was recorded."""


@dataclass(frozen=True)
class Judgement:
    """What was said of one run, beside the truth."""

    case: Case
    answers: Answers

    @property
    def is_named(self) -> bool:
        """Whether `check` names the fault."""
        return any(code in self.case.codes for code, _ in self.answers.found)

    @property
    def is_named_first(self) -> bool:
        """Whether it names the fault before anything else."""
        return bool(self.answers.found) and self.answers.found[0][0] in self.case.codes

    @property
    def false_alarms(self) -> tuple[str, ...]:
        """Rules that speak of an error or a warning that is none."""
        true = self.case.codes | self.case.consequences
        return tuple(code for code, severity in self.answers.found if severity != "info" and code not in true)

    @property
    def is_told_apart(self) -> bool:
        """Whether `diff` says what happened."""
        return self.answers.verdict is not None and self.answers.verdict == self.case.verdict

    @property
    def is_false_verdict(self) -> bool:
        """Whether `diff` raises an alarm about something that did not happen."""
        return self.answers.verdict in ALARMING and self.answers.verdict != self.case.verdict


def ask(case: Case, seed: int) -> Answers:
    """Run a case with a seed, and return what `check` and `diff` say of it."""
    with TemporaryDirectory(prefix="bncli-diagnosis-") as folder:
        specimen = case.make(seed, Path(folder))
        given = GivenSettings(None, None if case.momentum is None else Setting(case.momentum, "given"))
        recorded = None if case.data is None else recorded_answers(specimen.path, case.data, seed)
        return Answers(_codes_found(case, specimen, given), _verdict(specimen, given), recorded)


def _codes_found(case: Case, specimen: Specimen, given: GivenSettings) -> tuple[tuple[str, str], ...]:
    findings = check_file(specimen.path, select_rules(RULES, targets=case.targets), given).findings
    severities: dict[str, str] = {}
    for finding in findings:  # the gravest of each rule comes first
        severities.setdefault(finding.code, finding.severity)
    return tuple(severities.items())


def _verdict(specimen: Specimen, given: GivenSettings) -> str | None:
    if specimen.before is None:
        return None
    before, after = (open_checkpoint(path, given).checkpoint.layers for path in (specimen.before, specimen.path))
    comparison = compare(before, after, are_ranks=are_rank_files(specimen.before, specimen.path))
    verdict = next(iter(comparison.verdict_counts()))
    return OTHER_SETTINGS if verdict is Verdict.IDENTICAL and not comparison.are_equal else verdict

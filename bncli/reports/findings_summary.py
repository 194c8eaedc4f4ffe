"""The summary of `check`: one line for each rule that found something."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.light_dataclass import dataclass
from bncli.reports.document import Cell, Column, Table
from bncli.reports.finding_fields import TONES
from bncli.rules.base import order_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bncli.reports.document import Row
    from bncli.rules.base import Rule
    from bncli.rules.finding import Finding

_COLUMNS = (
    Column("severity", "severity", "text", "gravest severity of its findings"),
    Column("code", "code", "text", "code of the rule"),
    Column("name", "name", "text", "name of the rule: the state that it finds"),
    Column("num_findings", "findings", "integer", "findings of that severity in all files", priority=1),
    Column("num_channels", "channels", "integer", "channels in all of them", priority=1),
)
_LESSER = Column("num_lesser", "lesser", "integer", "its findings of a lesser severity", priority=1)
_FIX = Column("remedy", "fix", "sentence", "what to do about the gravest of them")


@dataclass(frozen=True, slots=True)
class _RuleSummary:
    """What one rule found."""

    rule: Rule
    gravest: tuple[Finding, ...]
    """Those of the gravest severity among them, never empty."""
    num_lesser: int
    """How many others there are."""


def summary_table(rules: Sequence[Rule], findings: Sequence[Finding]) -> Table:
    """Return one line for each rule that found something: its gravest findings, how many others, and what to do.

    Args:
        rules: those in force.
        findings: of all files, the gravest first.
    """
    summaries = [_summary(rule, of_rule) for rule in rules if (of_rule := _of_rule(rule, findings))]
    summaries.sort(key=lambda summary: order_of(summary.gravest[0].severity))
    has_lesser = any(summary.num_lesser for summary in summaries)
    columns = (*_COLUMNS, *((_LESSER,) if has_lesser else ()), _FIX)
    return Table(columns, tuple(_row(summary, has_lesser=has_lesser) for summary in summaries))


def _of_rule(rule: Rule, findings: Sequence[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.code == rule.code]


def _summary(rule: Rule, of_rule: Sequence[Finding]) -> _RuleSummary:
    gravest = tuple(finding for finding in of_rule if finding.severity == of_rule[0].severity)
    return _RuleSummary(rule, gravest, len(of_rule) - len(gravest))


def _row(summary: _RuleSummary, *, has_lesser: bool) -> Row:
    worst = summary.gravest[0]
    num_channels = sum(finding.num_channels for finding in summary.gravest) or None
    lesser = (summary.num_lesser or None,) if has_lesser else ()
    fix = None if worst.severity == "info" else f"fix: {worst.remedy}"
    severity = Cell(worst.severity, TONES[worst.severity])
    return (severity, summary.rule.code, summary.rule.name, len(summary.gravest), num_channels, *lesser, fix)

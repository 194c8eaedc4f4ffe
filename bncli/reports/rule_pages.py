"""The report of `rule`: what rules and verdicts mean, why, from which number on, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bncli.reports.document import Cell, Code, Column, Document, KeyValues, Note, Prose, Table
from bncli.reports.finding_fields import TONES
from bncli.rules.base import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bncli.reports.document import Block
    from bncli.rules.base import Explanation, Target

KIND = "rules"

_LIST_COLUMNS = (
    Column("code", "code", "text", "code of the rule"),
    Column("name", "name", "text", "name of the rule: the wrong state", priority=1),
    Column("severity", "severity", "text", "gravest severity of its findings"),
    Column("target", "target", "text", "deployment that it is about; without one, every", priority=2),
    Column("summary", "what it finds", "sentence", "what is wrong"),
)
_THRESHOLD_COLUMNS = (
    Column("threshold", "threshold", "number", "the number from which on the rule speaks"),
    Column("meaning", "meaning", "text", "what is compared with it"),
    Column("provenance", "where it comes from", "sentence", "how it was found"),
)


def rule_list(rules: Sequence[Explanation]) -> Document:
    """Return all rules, one a line."""
    next_step = Note("next: bncli rule CODE explains one", "muted")
    return Document(KIND, (_rule_table(rules), next_step), _record(rules))


def rule_page(rule: Explanation) -> Document:
    """Return everything about one rule."""
    return Document(KIND, tuple(rule_blocks(rule)), _record((rule,)), full_table=_rule_table((rule,)))


def rule_blocks(rule: Explanation) -> Iterator[Block]:
    """Yield what there is to say about a rule, in reading order."""
    yield KeyValues(
        (
            ("finds", rule.summary),
            ("severity", Cell(f"{rule.severity} at most", TONES[rule.severity])),
            ("in force", _in_force(rule)),
        ),
        title=f"{rule.code} {rule.name}",
    )
    yield Prose(tuple(rule.rationale.split("\n\n")), title="Why")
    if rule.thresholds:
        rows = tuple((threshold.value, threshold.meaning, threshold.provenance) for threshold in rule.thresholds)
        yield Table(_THRESHOLD_COLUMNS, rows, title="Thresholds")
    yield Prose((rule.remedy,), title="Remedy")
    if rule.snippet:
        yield Code(rule.snippet, "python")
    numbered = tuple((str(number), reference) for number, reference in enumerate(rule.references, start=1))
    yield KeyValues(numbered, title="References")


def _in_force(rule: Explanation) -> str:
    if not isinstance(rule, Rule):
        return "in bncli diff, which compares two files"
    if rule.needs_recording:
        return "with --recording"
    return "always" if rule.target is None else f"with --target {rule.target}, or if selected by its code"


def _target(rule: Explanation) -> Target | None:
    return rule.target if isinstance(rule, Rule) else None


def _rule_table(rules: Sequence[Explanation]) -> Table:
    rows = (
        (rule.code, rule.name, Cell(rule.severity, TONES[rule.severity]), _target(rule), rule.summary) for rule in rules
    )
    return Table(_LIST_COLUMNS, tuple(rows))


def _record(rules: Sequence[Explanation]) -> dict[str, Any]:
    return {"rules": [_rule_record(rule) for rule in rules]}


def _rule_record(rule: Explanation) -> dict[str, Any]:
    return {
        "code": rule.code,
        "name": rule.name,
        "severity": rule.severity,
        "command": "check" if isinstance(rule, Rule) else "diff",
        "target": _target(rule),
        "summary": rule.summary,
        "rationale": rule.rationale,
        "thresholds": [
            {"value": threshold.value, "meaning": threshold.meaning, "provenance": threshold.provenance}
            for threshold in rule.thresholds
        ],
        "remedy": rule.remedy,
        "snippet": rule.snippet,
        "references": list(rule.references),
    }

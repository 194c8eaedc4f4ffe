"""The report of `check`: what is wrong, the worst first, and what to do next."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from bncli.reports.arrangement import Arrangement, arranged, table_of
from bncli.reports.averaged_files import averaged_note
from bncli.reports.document import Cell, Document, KeyValues, Note
from bncli.reports.finding_fields import ALL_FIELDS, SHOWN_FIELDS, SHOWN_FIELDS_OF_SEVERAL_FILES
from bncli.reports.findings_record import findings_record
from bncli.reports.findings_summary import summary_table
from bncli.reports.left_out_batches import left_out_note, training_note
from bncli.reports.next_command import next_command
from bncli.rules.base import order_of
from bncli.wording import count, part_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bncli.reports.document import Block, Table, Value
    from bncli.rules.finding import Finding
    from bncli.rules.outcome import Outcome

UNARRANGED = Arrangement()
"""Asks for nothing: findings are shown the gravest first, a few of each rule."""
_MOST_ROWS_PER_RULE = 5
"""So many layers show what a rule is about; the rest is counted."""


def findings_document(outcome: Outcome, arrangement: Arrangement = UNARRANGED, *, lists_all: bool = False) -> Document:
    """Return what a check has found.

    Args:
        outcome: the findings.
        arrangement: order, number and columns of the findings. The summary is of all of them in any case.
        lists_all: whether every finding gets its row, as with an arrangement. Otherwise findings of severity `info` are
            only counted, and of the others a few for each rule and file are shown.

    Raises:
        InvalidUsage: the arrangement names a column that does not exist.
    """
    ordered = sorted(outcome.findings, key=_gravity)
    chosen = arranged(ordered, ALL_FIELDS, arrangement, lambda finding: (_gravity(finding),))
    shown = chosen if lists_all or arrangement != UNARRANGED else list(_first_of_each_rule(ordered))
    blocks: list[Block] = [_facts(outcome)]
    if shown:
        blocks.append(_shown_table(outcome, shown, arrangement.columns, _footer(ordered, shown, arrangement)))
    if ordered:
        blocks.append(summary_table(outcome.rules, ordered))
    blocks += _notes(outcome, ordered, shown)
    every_column = tuple(field.column.key for field in ALL_FIELDS)
    full_table = table_of(chosen, ALL_FIELDS, arrangement.columns or every_column)
    return Document("check", tuple(blocks), findings_record(outcome, ordered, chosen), full_table=full_table)


def _gravity(finding: Finding) -> int:
    return order_of(finding.severity)


def _first_of_each_rule(findings: Sequence[Finding]) -> Iterator[Finding]:
    num_seen: Counter[tuple[str, str, str]] = Counter()
    for finding in findings:
        key = (str(finding.file), finding.code, finding.severity)
        num_seen[key] += 1
        if finding.severity != "info" and num_seen[key] <= _MOST_ROWS_PER_RULE:
            yield finding


def _shown_table(outcome: Outcome, shown: Sequence[Finding], columns: Sequence[str], footer: str) -> Table:
    if columns:
        return table_of(shown, ALL_FIELDS, columns, footer)
    fields = SHOWN_FIELDS if len(outcome.files) == 1 else SHOWN_FIELDS_OF_SEVERAL_FILES
    return table_of(shown, fields, [field.column.key for field in fields], footer)


def _footer(findings: Sequence[Finding], shown: Sequence[Finding], arrangement: Arrangement) -> str:
    if arrangement.top is not None:
        return part_of(len(shown), len(findings), "finding")
    num_hidden = sum(finding.severity != "info" for finding in findings) - sum(f.severity != "info" for f in shown)
    return f"{count(num_hidden, 'more finding')} of the same rules; --select CODE lists them all" if num_hidden else ""


def _facts(outcome: Outcome) -> KeyValues:
    files = outcome.files
    num_layers = sum(len(file.layers) for file in files)
    num_clean = sum(file.num_clean_layers for file in files)
    num_known = sum(file.num_known for file in files)
    pairs: list[tuple[str, Value | Cell]] = [
        ("file", str(files[0].path)) if len(files) == 1 else ("files", len(files)),
        ("checked", f"{count(num_layers, 'layer')}, {count(sum(file.num_channels for file in files), 'channel')}"),
        ("rules", f"{len(outcome.rules)} in force"),
        ("clean", Cell(f"{count(num_clean, 'layer')} without an error or a warning", "plain")),
    ]
    pairs += [("known", f"{count(num_known, 'finding')} of the baseline not shown")] if num_known else []
    pairs += [(setting.name, f"{setting.value} ({setting.origin})") for setting in outcome.settings]
    return KeyValues(tuple(pairs))


def _notes(outcome: Outcome, findings: Sequence[Finding], shown: Sequence[Finding]) -> Iterator[Note]:
    for unreadable in outcome.unreadable:
        yield Note(f"not checked: {unreadable.message}", "bad")
    yield from averaged_note(outcome.files)
    yield from left_out_note(max((file.num_left_out for file in outcome.files), default=0))
    yield from training_note(any(file.is_of_training for file in outcome.files))
    if not findings:
        yield Note("no findings", "good")
        return
    worst = findings[0]
    seen = {(finding.code, finding.severity) for finding in shown}
    unseen = [finding.code for finding in findings if (finding.code, finding.severity) not in seen]
    if worst.num_features is not None and worst.severity != "info":
        yield from next_command("bncli", "inspect", "checkpoint", str(worst.file), "--layer", worst.label, "--channels")
    mended = _first_to_calibrate(outcome, findings)
    if mended is not None:
        yield from next_command("bncli", "calibrate", str(mended.file), str(outcome.recording), "-o", "NEW")
    yield Note(f"next: bncli rule {worst.code} explains it and shows the remedy", "muted")
    if unseen:
        yield Note(f"next: --select {unseen[0]} lists what is only counted here", "muted")


def _first_to_calibrate(outcome: Outcome, findings: Sequence[Finding]) -> Finding | None:
    """Return the gravest error or warning that the statistics of the recording mend, in a file that takes them."""
    calibratable = {file.path for file in outcome.files if file.is_calibratable}
    remedies = {rule.code: rule.remedy for rule in outcome.rules if rule.is_mended_by_calibrating}
    mended = (each for each in findings if each.severity != "info" and remedies.get(each.code) == each.remedy)
    return next((each for each in mended if each.file in calibratable), None)

"""Writes the scores as Markdown."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from benchmarks.diagnosis.scores import Share

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.diagnosis.scores import CaseScore, Totals


def report(faulty: Sequence[CaseScore], healthy: Sequence[CaseScore], overall: Totals, seeds: Sequence[int]) -> str:
    """Return the tables of a run over some seeds."""
    parts = (
        _summary(faulty, healthy, overall, seeds),
        _faults(faulty),
        _healthy(healthy),
        _unseen(faulty),
        _recorded((*faulty, *healthy)),
    )
    return "\n".join(line for part in parts for line in (*part, ""))


def _summary(
    faulty: Sequence[CaseScore], healthy: Sequence[CaseScore], overall: Totals, seeds: Sequence[int]
) -> Iterator[str]:
    listed = ", ".join(map(str, seeds))
    yield f"{len(faulty)} faults and {len(healthy)} ordinary runs, each with seeds {listed}:"
    yield ""
    yield "| measure | hits | share |"
    yield "|---|---|---|"
    for title, part in (
        ("recall of `check`, faults that a rule of severity error is about", overall.error_recall),
        ("recall of `check`, faults that one file can show", overall.recall),
        ("named first, of the faults named", overall.first),
        ("precision of `check`: faults named, of these and all false errors and warnings", overall.precision),
        ("recall of `diff`", overall.diff_recall),
        ("precision of `diff`: right verdicts, of these and all false alarms", overall.diff_precision),
        ("ordinary runs with an error or a warning", overall.alarmed),
    ):
        yield f"| {title} | {part} | {100 * part.fraction:.1f} % |"


def _faults(scores: Sequence[CaseScore]) -> Iterator[str]:
    yield "### Faults"
    yield ""
    yield "| fault | what happened | rule | named | first | verdict of `diff` | told | false alarms |"
    yield "|---|---|---|---|---|---|---|---|"
    for score in scores:
        case = score.case
        rules = " or ".join(sorted(case.codes))
        cells = (
            case.name,
            case.story,
            rules or "none can",
            _cell(score.named) if rules else "",
            _cell(score.named_first) if rules else "",
            case.verdict or "",
            _cell(score.told_apart) if case.verdict else "",
            _alarms(score),
        )
        yield f"| {' | '.join(cells)} |"


def _healthy(scores: Sequence[CaseScore]) -> Iterator[str]:
    quiet = [score for score in scores if not score.false_alarms and not score.case.verdict]
    yield "### Ordinary runs"
    yield ""
    yield "| ordinary run | what happened | verdict of `diff` | told | false alarms |"
    yield "|---|---|---|---|---|"
    for score in scores:
        if score not in quiet:
            told = _cell(score.told_apart) if score.case.verdict else ""
            yield f"| {score.case.name} | {score.case.story} | {score.case.verdict or ''} | {told} | {_alarms(score)} |"
    yield ""
    yield f"No error and no warning in any run of: {', '.join(score.case.name for score in quiet)}."


def _unseen(scores: Sequence[CaseScore]) -> Iterator[str]:
    yield "### What one file cannot show"
    yield ""
    yield "| fault | what happened | why one file cannot show it | what can |"
    yield "|---|---|---|---|"
    for score in scores:
        if score.case.unseen:
            why, _, what = score.case.unseen.partition("; ")
            yield f"| {score.case.name} | {score.case.story} | {why} | {what} |"


def _recorded(scores: Sequence[CaseScore]) -> Iterator[str]:
    """Yield what recorded data says where a file says nothing, beside ordinary runs."""
    yield "### With recorded data"
    yield ""
    yield "| run | what happened | `check --recording` | shift of the means, least | most |"
    yield "|---|---|---|---|---|"
    recorded = [score for score in scores if score.recorded]
    for score in sorted(recorded, key=lambda each: -each.recorded[-1].shift):
        codes = Counter(code for answers in score.recorded for code in answers.codes)
        rules = ", ".join(f"{code} {Share(codes[code], len(score.recorded))}" for code in sorted(codes))
        shifts = f"{score.recorded[0].shift:.2f} | {score.recorded[-1].shift:.2f}"
        yield f"| {score.case.name} | {score.case.story} | {rules} | {shifts} |"


def _cell(part: Share) -> str:
    return str(part) if part.hits == part.total else f"**{part}**"


def _alarms(score: CaseScore) -> str:
    return ", ".join(f"{code} in {number}" for code, number in Counter(score.false_alarms).items())

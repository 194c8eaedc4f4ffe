"""The format `github`: findings as annotations of a workflow on GitHub Actions."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from bncli.renderers.base import Renderer
from bncli.renderers.findings_of import FINDINGS_KIND, findings_of, place_of
from bncli.renderers.visible_text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bncli.renderers.base import Surface
    from bncli.reports.document import Document

    Finding = Mapping[str, Any]

MOST_ANNOTATIONS = 10
"""GitHub shows so many of one level for a step and drops the rest without a word."""
_LEVELS = {"error": "error", "warning": "warning", "info": "notice"}


def render(document: Document, surface: Surface) -> str:  # noqa: ARG001 - the same text on every surface
    """Return one annotation for each file and rule, of each level no more than GitHub shows.

    Raises:
        InvalidUsage: the document is not one of findings.
    """
    groups: dict[tuple[str, str, str], list[Finding]] = defaultdict(list)
    for finding in findings_of(document, "github"):
        groups[finding["severity"], finding["file"], finding["code"]].append(finding)
    lines = [line for severity in _LEVELS for line in _annotations(severity, groups)]
    return "".join(f"{line}\n" for line in lines or ["no findings"])


def _annotations(severity: str, groups: Mapping[tuple[str, str, str], Sequence[Finding]]) -> Iterator[str]:
    of_level = [findings for (level, _, _), findings in groups.items() if level == severity]
    is_too_many = len(of_level) > MOST_ANNOTATIONS
    shown = of_level[: MOST_ANNOTATIONS - 1] if is_too_many else of_level
    level = _LEVELS[severity]
    yield from (_annotation(level, findings) for findings in shown)
    if is_too_many:
        num_hidden = len(of_level) - len(shown)
        yield f"::{level} title=bncli::{num_hidden} more annotations of this level; the step summary has the list"


def _annotation(level: str, findings: Sequence[Finding]) -> str:
    """Return the annotation of one rule in one file: its worst finding, and how many more layers it concerns."""
    worst = findings[0]
    others = f" ({len(findings) - 1} more)" if len(findings) > 1 else ""
    place = place_of(worst)
    message = f"{place}{others}: {worst['message']}" if place else worst["message"]
    title = f"{worst['code']} {worst['name']}"
    return f"::{level} file={_property(worst['file'])},title={_property(title)}::{_data(message)}"


def _data(text: str) -> str:
    """Return a text as the message of a workflow command, in one line."""
    return visible(text).replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


RENDERER = Renderer(name="github", suffixes=(), render=render, only_kind=FINDINGS_KIND)

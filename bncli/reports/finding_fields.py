"""The columns of the tables of findings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bncli.reports.arrangement import Field
from bncli.reports.document import Cell, Column
from bncli.rules.base import order_of
from bncli.wording import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bncli.reports.document import ColumnKind, Tone, Value
    from bncli.rules.base import Severity
    from bncli.rules.finding import Finding

TONES: Mapping[Severity, Tone] = {"error": "bad", "warning": "notice", "info": "plain"}


def _field(
    key: str, kind: ColumnKind, meaning: str, priority: int, get: Callable[[Finding], Value | Cell]
) -> Field[Finding]:
    return Field(Column(key, key.replace("_", " "), kind, meaning, priority=priority), get)


def channels_text(finding: Finding) -> str:
    """Return the channels in words, the worst first: `3 of 64: 17, 3, 5`; `all 64`; empty for the layer as a whole."""
    if not finding.num_channels:
        return ""
    if finding.num_channels == finding.num_features:
        return f"all {finding.num_features:,}"
    of = "" if finding.num_features is None else f" of {finding.num_features:,}"
    names = listed([str(channel) for channel in finding.channels], total=finding.num_channels)
    return f"{finding.num_channels:,}{of}: {names}"


_SEVERITY = replace(
    _field("severity", "text", "error, warning or info", 0, lambda f: Cell(f.severity, TONES[f.severity])),
    rank=lambda finding: order_of(finding.severity),
)
_CODE = _field("code", "text", "code of the rule", 0, lambda f: f.code)
_NAME = _field("name", "text", "name of the rule: the state that it finds", 2, lambda f: f.name)
_FILE = _field("file", "text", "file in which it was found", 1, lambda f: str(f.file))
_LABEL = _field("layer", "text", "layer in which it was found", 0, lambda f: f.label)
_CHANNELS = _field("channels", "text", "how many channels, and which, the worst first", 1, channels_text)
_MESSAGE = _field("message", "sentence", "what was seen, and what it means", 0, lambda f: f.message)

SHOWN_FIELDS = (_SEVERITY, _CODE, _NAME, _LABEL, _CHANNELS, _MESSAGE)
"""What people see of the findings in one file."""

SHOWN_FIELDS_OF_SEVERAL_FILES = (_SEVERITY, _CODE, _NAME, _FILE, _LABEL, _CHANNELS, _MESSAGE)

ALL_FIELDS = (
    _SEVERITY,
    _CODE,
    _NAME,
    _FILE,
    _field("layer", "text", "stored name of the layer", 0, lambda f: f.layer),
    _field("num_features", "integer", "channels of the layer", 0, lambda f: f.num_features),
    _field("num_channels", "integer", "channels in that state", 0, lambda f: f.num_channels),
    _field("channels", "text", "those channels, the worst first", 0, lambda f: " ".join(map(str, f.channels))),
    _field("value", "number", "measured value of the worst channel, or of the layer", 0, lambda f: f.value),
    _field("threshold", "number", "what the value was compared with", 0, lambda f: f.threshold),
    _MESSAGE,
    _field("remedy", "sentence", "what to do", 0, lambda f: f.remedy),
)
"""What csv holds, and what --sort and --columns choose from."""

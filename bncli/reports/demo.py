"""The report of `demo`: what lies in the folder, and the way through it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bncli.planted.layout import PARENT_PATH, change_path, faulty_path, sound_path
from bncli.planted.walk import STEPS, check_words, command, diff_words
from bncli.reports.document import Cell, Code, Column, Document, KeyValues, Note, Prose, Table
from bncli.reports.finding_fields import TONES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bncli.planted.base import PlantedChange, PlantedFault
    from bncli.reports.document import Block, Row

_FAULT_COLUMNS = (
    Column("code", "finds", "text", "rule that finds the fault"),
    Column("severity", "severity", "text", "severity of the finding", priority=1),
    Column("story", "planted fault", "text", "what is wrong, and how it comes about"),
    Column("command", "command", "sentence", "command that finds it"),
)
_CHANGE_COLUMNS = (
    Column("verdict", "verdict", "text", "what diff says, the layers in order"),
    Column("story", "what happened", "text", "what happened between the two files"),
    Column("command", "command", "sentence", "command that tells it"),
)


def demo_document(folder: Path, faults: Sequence[PlantedFault], changes: Sequence[PlantedChange]) -> Document:
    """Return the way through a demo.

    Args:
        folder: where its files lie.
        faults: what is planted in them.
        changes: what happened to the model of the pairs.
    """
    table = Table(_FAULT_COLUMNS, tuple(_fault_row(fault, folder) for fault in faults), title="Faults")
    pairs = Table(_CHANGE_COLUMNS, tuple(_change_row(change, folder) for change in changes), title="Pairs")
    blocks = (_facts(folder, faults, changes), *_steps(folder), table, pairs, *_notes())
    return Document("demo", blocks, _record(folder, faults, changes), full_table=table)


def _facts(folder: Path, faults: Sequence[PlantedFault], changes: Sequence[PlantedChange]) -> KeyValues:
    return KeyValues(
        (
            ("folder", str(folder)),
            ("faulty", f"{len(faults)} checkpoints, one planted fault in each"),
            ("healthy", f"{len(faults)} twins without it"),
            ("pairs", f"{PARENT_PATH.name}, and {len(changes)} checkpoints that come from it"),
        )
    )


def _steps(folder: Path) -> Iterator[Block]:
    for number, step in enumerate(STEPS, start=1):
        yield Prose((step.shows,), title=f"{number}. {step.title}")
        yield Code(command(step.words, folder), "sh")


def _notes() -> Iterator[Note]:
    yield Note(
        "safetensors files hold no eps and no momentum: those that are about them are ONNX models, which hold both",
        "muted",
    )


def _fault_row(fault: PlantedFault, folder: Path) -> Row:
    severity = Cell(fault.severity, TONES[fault.severity])
    return fault.code, severity, fault.story, command(check_words(fault), folder)


def _change_row(change: PlantedChange, folder: Path) -> Row:
    verdicts = ", ".join(dict.fromkeys(map(str, change.verdicts)))
    return verdicts, change.story, command(diff_words(change), folder)


def _record(folder: Path, faults: Sequence[PlantedFault], changes: Sequence[PlantedChange]) -> dict[str, Any]:
    return {
        "folder": str(folder),
        "steps": [{"title": step.title, "command": command(step.words, folder), "shows": step.shows} for step in STEPS],
        "faults": [
            {
                "code": fault.code,
                "severity": fault.severity,
                "companions": sorted(fault.companions),
                "story": fault.story,
                "faulty": str(folder / faulty_path(fault)),
                "healthy": str(folder / sound_path(fault)),
                "command": command(check_words(fault), folder),
            }
            for fault in faults
        ],
        "pairs": [
            {
                "story": change.story,
                "verdicts": list(map(str, change.verdicts)),
                "before": str(folder / PARENT_PATH),
                "after": str(folder / change_path(change)),
                "command": command(diff_words(change), folder),
            }
            for change in changes
        ],
    }

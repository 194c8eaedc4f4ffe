from __future__ import annotations

from bncli.reports.document import Note
from bncli.reports.inference import Inference

INFERENCE = Inference("momentum", "It was 0.1.", "Two channels say so.", "They may err.", {"low": 0.1}, "notice")


def test_a_note_gives_statement_evidence_and_caveat() -> None:
    assert INFERENCE.note() == Note("momentum: It was 0.1. Two channels say so. They may err.", "notice")


def test_a_record_gives_each_by_itself_and_the_numbers() -> None:
    assert INFERENCE.record() == {
        "question": "momentum",
        "statement": "It was 0.1.",
        "evidence": "Two channels say so.",
        "caveat": "They may err.",
        "low": 0.1,
    }

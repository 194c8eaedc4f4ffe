from __future__ import annotations

from pathlib import Path

from bncli.planted.catalogue import FAULTS
from bncli.planted.changes import CHANGES
from bncli.planted.walk import STEPS
from bncli.reports.demo import demo_document
from bncli.reports.document import Code, Table

DOCUMENT = demo_document(Path("demo"), FAULTS, CHANGES)


def test_every_step_is_a_command_to_copy() -> None:
    commands = [block.text for block in DOCUMENT.blocks if isinstance(block, Code)]
    assert len(commands) == len(STEPS)
    assert all(text.startswith("bncli ") for text in commands)
    assert [step["command"] for step in DOCUMENT.record["steps"]] == commands


def test_every_fault_and_every_pair_has_its_row_and_its_record() -> None:
    faults, pairs = (block for block in DOCUMENT.blocks if isinstance(block, Table))
    assert [row[0] for row in faults.rows] == [fault.code for fault in FAULTS]
    assert [row[-1] for row in faults.rows] == [fault["command"] for fault in DOCUMENT.record["faults"]]
    assert [row[-1] for row in pairs.rows] == [pair["command"] for pair in DOCUMENT.record["pairs"]]
    assert DOCUMENT.record["pairs"][0]["before"] == "demo/pairs/parent.safetensors"


def test_a_verdict_that_all_layers_share_is_told_once() -> None:
    _, pairs = (block for block in DOCUMENT.blocks if isinstance(block, Table))
    assert [row[0] for row in pairs.rows[:3]] == ["trained", "leaky-freeze", "fully-frozen, trained"]

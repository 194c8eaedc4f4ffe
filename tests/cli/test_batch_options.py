"""Tests of options about batches that contradict each other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bncli.cli.batch_options import BatchOptions
from bncli.errors import InvalidUsage

FILES = [Path("a.npy")]

CONTRADICTIONS: list[tuple[dict[str, Any], str]] = [
    ({"paths": FILES, "checkpoint": Path("m.pt")}, "--checkpoint contradicts the files"),
    ({"paths": FILES, "mean": 0.0}, "--mean contradicts"),
    ({"paths": FILES, "std": 1.0, "scenario": "drift"}, "--std, --scenario contradicts"),
    ({"paths": FILES, "seed": 0}, "--seed contradicts"),
    ({"checkpoint": Path("m.pt"), "mean": 0.0}, "either that of --checkpoint or that of --mean and --std"),
    ({"checkpoint": Path("m.pt"), "std": 1.0}, "either that of --checkpoint or that of --mean and --std"),
    ({"layer": "bn1"}, "neither is given"),
    ({"array": "x"}, "no file is given"),
    ({"channel_axis": 1}, "no file is given"),
    ({"batch_size": 1}, "a single value per channel has no variance"),
    ({"mean": float("nan")}, "--mean is nan"),
    ({"mean": float("inf")}, "--mean is inf"),
    ({"std": -1.0}, "--std is -1"),
    ({"std": float("nan")}, "--std is nan"),
    ({"scenario": "sorted"}, "unknown scenario 'sorted'"),
]

ALLOWED: list[dict[str, Any]] = [
    {},
    {"paths": FILES, "array": "x", "channel_axis": -1, "batch_size": 1},
    {"checkpoint": Path("m.pt"), "layer": "bn1", "scenario": "shift", "seed": 7, "batch_size": 2},
    {"mean": -3.0, "std": 0.0},
]


@pytest.mark.parametrize(("options", "message"), CONTRADICTIONS)
def test_options_that_contradict_each_other_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidUsage, match=message):
        BatchOptions(**options)


@pytest.mark.parametrize("options", ALLOWED)
def test_options_that_go_together_are_taken(options: dict[str, Any]) -> None:
    BatchOptions(**options)


def test_a_misspelt_scenario_gets_a_guess() -> None:
    with pytest.raises(InvalidUsage) as caught:
        BatchOptions(scenario="class-sort")
    assert caught.value.hint == "did you mean class-sorted?"

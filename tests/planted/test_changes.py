from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bncli.analysis.verdicts import Verdict
from bncli.planted.changes import CHANGES, PARENT
from tests.helpers.json_output import json_of

if TYPE_CHECKING:
    from pathlib import Path

    from bncli.planted.base import PlantedChange

WITHOUT_COUNTERS = Verdict.STATISTICS_CHANGED


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.name)
def test_diff_says_what_happened(change: PlantedChange, tmp_path: Path) -> None:
    before, after = tmp_path / "parent.safetensors", tmp_path / f"after{change.after.suffix}"
    before.write_bytes(PARENT.file())
    after.write_bytes(change.after.file())
    layers = json_of("diff", before, after, *change.options)["layers"]
    assert tuple(layer["verdict"] for layer in layers) == change.verdicts


def test_every_verdict_that_counters_allow_has_its_example() -> None:
    shown = {verdict for change in CHANGES for verdict in change.verdicts}
    assert shown == set(Verdict) - {WITHOUT_COUNTERS}

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

import bncli
from benchmarks.calibration import Digits
from tests.helpers.json_output import json_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("breaking", "least_rise"), [("stale", 0.3), ("batches of 2", 0.003), ("sorted by class", 0.01)]
)
def test_a_network_with_broken_statistics_is_found_and_mended(breaking: str, least_rise: float, tmp_path: Path) -> None:
    digits = Digits.load()
    model = digits.broken_networks()[breaking]
    before = digits.accuracy(model)
    torch.save(model.state_dict(), tmp_path / "broken.pt")
    with torch.no_grad(), bncli.record(model.train(), tmp_path / "run"):
        for batch in digits.training_batches():
            model(batch)

    def gaps(name: str) -> set[str]:
        options = ("--recording", tmp_path / "run", "--select", "BN401,BN404", "--fail-on", "never")
        return {finding["code"] for finding in json_of("check", tmp_path / name, *options)["findings"]}

    json_of("calibrate", tmp_path / "broken.pt", tmp_path / "run", "-o", tmp_path / "mended.pt")
    assert gaps("broken.pt")
    assert not gaps("mended.pt")
    model.load_state_dict(torch.load(tmp_path / "mended.pt"))
    assert digits.accuracy(model) >= before + least_rise

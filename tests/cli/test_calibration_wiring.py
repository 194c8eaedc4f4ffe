from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from bncli.analysis.layer_settings import GivenSettings
from bncli.analysis.population_estimate import EstimateSettings
from bncli.cli.calibration_wiring import calibrate_file, estimate_settings
from bncli.errors import InvalidUsage
from tests.helpers.recordings import pictures, recorded_layer

if TYPE_CHECKING:
    from pathlib import Path


def test_the_cumulative_average_is_a_running_average_too() -> None:
    assert estimate_settings("ema", "none", 0) == EstimateSettings("ema", None, 0)


def test_an_infinite_prior_is_no_number_of_samples() -> None:
    with pytest.raises(InvalidUsage, match="--prior-weight is inf"):
        estimate_settings("pooled", None, float("inf"))


def test_a_file_is_calibrated_in_place_of_itself_when_forced(tmp_path: Path) -> None:
    torch.save({"0": torch.nn.BatchNorm2d(2).state_dict()}, tmp_path / "m.pt")
    recorded_layer(pictures(2), tmp_path / "run", torch.nn.BatchNorm2d(2))
    arguments = tmp_path / "m.pt", [tmp_path / "run"], tmp_path / "m.pt", EstimateSettings()
    calibration, files = calibrate_file(*arguments, given=GivenSettings(), globs=(), force=True)
    assert files.output == tmp_path / "m.pt"
    stored = torch.load(tmp_path / "m.pt")["0"]
    torch.testing.assert_close(stored["running_mean"].double(), torch.from_numpy(calibration.layers[0].mean))

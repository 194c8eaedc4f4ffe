from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from bncli.analysis.channel_filter import ChannelFilter
from bncli.analysis.layer_settings import GivenSettings
from bncli.analysis.population_estimate import EstimateSettings
from bncli.cli.calibration_wiring import calibrate_file, estimate_settings
from bncli.errors import InputNotFound, InvalidUsage, UnsupportedFormat
from tests.helpers.invoke import ROOT
from tests.helpers.recordings import pictures, recorded_layer

if TYPE_CHECKING:
    from pathlib import Path

    from bncli.analysis.calibration import Calibration


def test_the_cumulative_average_is_a_running_average_too() -> None:
    assert estimate_settings("ema", "none", 0) == EstimateSettings("ema", None, 0)


def test_an_infinite_prior_is_no_number_of_samples() -> None:
    with pytest.raises(InvalidUsage, match="--prior-weight is inf"):
        estimate_settings("pooled", None, float("inf"))


@pytest.mark.parametrize("target", ["m.pt", "run", "link"])
def test_an_input_is_never_written_over_even_when_forced(target: str, tmp_path: Path) -> None:
    torch.save({"0": torch.nn.BatchNorm2d(2).state_dict()}, tmp_path / "m.pt")
    recorded_layer(pictures(2), tmp_path / "run", torch.nn.BatchNorm2d(2))
    (tmp_path / "link").symlink_to("m.pt")
    before = (tmp_path / target).read_bytes()
    with pytest.raises(InvalidUsage, match=f"{target}: is an input"):
        calibrated(tmp_path, tmp_path / target)
    assert (tmp_path / target).read_bytes() == before


def test_a_new_file_never_bears_the_suffix_of_another_format(tmp_path: Path) -> None:
    torch.save({"0": torch.nn.BatchNorm2d(2).state_dict()}, tmp_path / "m.pt")
    recorded_layer(pictures(2), tmp_path / "run", torch.nn.BatchNorm2d(2))
    with pytest.raises(InvalidUsage, match="the new file is of the format of") as raised:
        calibrated(tmp_path, tmp_path / "new.safetensors")
    assert raised.value.hint == "name it with the suffix .pt"
    assert not (tmp_path / "new.safetensors").exists()


@pytest.mark.parametrize("name", ["new.pth", "new.safetensors", "new"])
def test_a_format_that_is_not_rewritten_is_told_whatever_the_new_name(name: str, tmp_path: Path) -> None:
    torch.save({"0": torch.nn.BatchNorm2d(2).state_dict()}, tmp_path / "m.pt", _use_new_zipfile_serialization=False)
    recorded_layer(pictures(2), tmp_path / "run", torch.nn.BatchNorm2d(2))
    with pytest.raises(UnsupportedFormat, match="a torch-legacy file cannot be rewritten"):
        calibrated(tmp_path, tmp_path / name)


def test_a_condition_chooses_layers_and_what_it_leaves_out_is_not_called_missing(tmp_path: Path) -> None:
    checkpoint, recording = ROOT / "samples/digits.pt", ROOT / "samples/digits_run.safetensors"

    def calibration(condition: str) -> Calibration:
        return calibrate_file(
            checkpoint,
            [recording],
            tmp_path / "new.pt",
            EstimateSettings(),
            given=GivenSettings(),
            globs=(),
            where=ChannelFilter.parse(condition),
            force=True,
        )[0]

    chosen = calibration("num_features == 16")
    assert [each.layer.name for each in chosen.layers] == ["bn2"]
    assert (chosen.unrecorded, chosen.unused) == ((), ())
    with pytest.raises(InputNotFound, match="holds for no channel"):
        calibration("running_var < 0")


def calibrated(folder: Path, output: Path) -> None:
    calibrate_file(
        folder / "m.pt", [folder / "run"], output, EstimateSettings(), given=GivenSettings(), globs=(), force=True
    )

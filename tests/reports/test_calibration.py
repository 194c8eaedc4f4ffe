from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bncli.analysis.calibration import Calibration, LayerCalibration
from bncli.analysis.population_estimate import EstimateSettings
from bncli.reports.arrangement import Arrangement
from bncli.reports.calibration import CalibrationFiles, calibration_document
from bncli.reports.document import KeyValues, Note
from tests.helpers.builders import layer

FILES = CalibrationFiles(Path("old.pt"), "torch-zip", (Path("run"),), (), Path("new.pt"))


def calibrated(
    name: str = "bn",
    shift: float = 1.0,
    effective_count: float = 100.0,
    num_left_out: int = 0,
    num_eval: int = 0,
    is_of_training: bool = False,
) -> LayerCalibration:
    old = layer(name=name, label=name, running_mean=np.zeros(4), running_var=np.ones(4))
    return LayerCalibration(
        old,
        name,
        8,
        num_left_out,
        num_eval,
        is_of_training,
        64,
        640,
        1,
        np.full(4, shift),
        np.full(4, 2.0),
        np.full(4, effective_count),
    )


def notes(calibration: Calibration, files: CalibrationFiles = FILES) -> list[str]:
    document = calibration_document(calibration, files, Arrangement())
    return [block.text for block in document.blocks if isinstance(block, Note)]


def test_enough_samples_are_said_to_be_enough() -> None:
    found = notes(Calibration(EstimateSettings(), (calibrated(effective_count=40_000),), (), ()))
    assert found == ["enough samples: every mean is sure to 0.005 sigma"]


def test_too_few_samples_are_told_with_how_many_it_takes() -> None:
    found = notes(Calibration(EstimateSettings(), (calibrated(), calibrated("sure", effective_count=1e6)), (), ()))
    assert found == [
        "the least sure mean has a standard error of 0.1 sigma; about 6,400 samples bring it to 0.01"
    ]  # fmt: skip


def test_batches_that_were_left_out_are_told() -> None:
    found = notes(Calibration(EstimateSettings(), (calibrated(num_left_out=3), calibrated("b")), (), ()))
    assert found[0] == (
        "only recorded batches of train mode count: those of eval mode, up to 3 a layer, are left out"
    )  # fmt: skip


def test_batches_of_eval_mode_in_several_layers_are_warned_of() -> None:
    in_eval = (calibrated(num_eval=8), calibrated("b", num_eval=8))
    assert notes(Calibration(EstimateSettings(), in_eval, (), ()))[0].startswith("recorded in eval mode: the batches")
    assert len(notes(Calibration(EstimateSettings(), (in_eval[0], calibrated("b")), (), ()))) == 1


def test_a_recording_of_the_training_itself_is_warned_of() -> None:
    found = notes(Calibration(EstimateSettings(), (calibrated(is_of_training=True),), (), ()))
    assert found[0].startswith("recorded before: the recording ends with the checkpoint's own counters")


def test_what_cannot_be_told_is_not_guessed() -> None:
    found = notes(Calibration(EstimateSettings(), (calibrated(effective_count=np.nan),), (), ()))
    assert found == ["how sure the means are cannot be told: that needs batches of several samples"]


def test_what_has_no_counterpart_and_what_was_cut_off_is_named() -> None:
    files = CalibrationFiles(Path("old.pt"), "torch-zip", (Path("run.part"),), (Path("run.part"),), Path("new.pt"))
    names = tuple(f"x{number}" for number in range(8))
    found = notes(Calibration(EstimateSettings(), (calibrated(),), ("head.bn",), names), files)
    assert found[0].startswith("run.part ended early")
    assert found[1] == "left as they are, for no batch reached them: head.bn"
    assert found[2] == "recorded, but not in the checkpoint: x0, x1, x2, x3, x4, x5 and 2 more"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (EstimateSettings("mean-of-batches"), "as update_bn of torch"),
        (EstimateSettings("ema", 0.1), "running average of momentum 0.1"),
        (EstimateSettings(prior_weight=256), "the old statistics count for 256 samples"),
    ],
)
def test_the_estimate_is_told_in_words(settings: EstimateSettings, words: str) -> None:
    facts = calibration_document(Calibration(settings, (calibrated(),), (), ()), FILES, Arrangement()).blocks[0]
    assert isinstance(facts, KeyValues)
    assert words in str(dict(facts.pairs)["estimate"])

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import torch

import bncli
from bncli.analysis.layer_discovery import discover
from bncli.cli.recorded_evidence import recorded_evidence
from bncli.errors import InputNotFound, ShapeMismatch
from bncli.formats.detection import open_named_arrays
from tests.helpers.invoke import invoke
from tests.helpers.json_output import json_of
from tests.helpers.recordings import feed, pictures, small_network

if TYPE_CHECKING:
    from pathlib import Path

    from bncli.core.batch_norm_layer import Checkpoint


def saved(model: torch.nn.Module, path: Path) -> Checkpoint:
    torch.save(model.state_dict(), path)
    with open_named_arrays(path) as arrays:
        return discover(arrays)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    model = small_network()
    with torch.no_grad(), bncli.record(model, tmp_path / "run"):
        feed(model, pictures(12, batch_size=16))
    return tmp_path / "run"


def test_each_recorded_layer_has_its_evidence(recording: Path, tmp_path: Path) -> None:
    found = recorded_evidence(saved(small_network(), tmp_path / "m.pt"), recording)
    assert {name: seen.num_batches for name, seen in found.items()} == {"1": 12, "5": 12}


def test_a_recording_with_other_numbers_of_channels_is_told(recording: Path, tmp_path: Path) -> None:
    other = torch.nn.Sequential(torch.nn.Identity(), torch.nn.BatchNorm1d(7))
    with pytest.raises(ShapeMismatch, match="layer 1 has 7 channels, 4 in"):
        recorded_evidence(saved(other, tmp_path / "o.pt"), recording)


def test_a_recording_of_another_model_is_told(recording: Path, tmp_path: Path) -> None:
    renamed = torch.nn.ModuleDict({"bn": torch.nn.BatchNorm1d(4)})
    with pytest.raises(InputNotFound, match="none of its layers is in"):
        recorded_evidence(saved(renamed, tmp_path / "r.pt"), recording)


def named_like_a_resnet() -> torch.nn.Module:
    """Return a network in which the stem's name ends the names of the blocks' layers."""
    block = torch.nn.ModuleDict({"bn1": torch.nn.BatchNorm1d(4)})
    return torch.nn.ModuleDict({"bn1": torch.nn.BatchNorm1d(4), "layer1": torch.nn.Sequential(block)})


@pytest.mark.parametrize("glob", ["*", "ema.*"])
def test_a_network_that_lies_deeper_in_the_file_is_found_by_its_stem_and_its_blocks(glob: str, tmp_path: Path) -> None:
    model = named_like_a_resnet()
    with torch.no_grad(), bncli.record(model, tmp_path / "run"):
        for norm in (module for module in model.modules() if isinstance(module, torch.nn.BatchNorm1d)):
            norm(torch.ones(8, 4))
    stored = {"ema": model.state_dict()} | ({"model": model.state_dict()} if glob == "ema.*" else {})
    torch.save(stored, tmp_path / "m.pt")
    with open_named_arrays(tmp_path / "m.pt") as arrays:
        found = recorded_evidence(discover(arrays), tmp_path / "run", [glob])
    assert list(found) == ["ema.bn1", "ema.layer1.0.bn1"]


def codes(checkpoint: Path, recording: Path) -> set[str]:
    answer = invoke("check", checkpoint, "--recording", recording, "--select", "BN4", "--fail-on", "never", "-f", "csv")
    assert (answer.exit_code, answer.stderr) == (0, "")
    return {word for line in answer.stdout.splitlines() for word in line.split(",") if word.startswith("BN4")}


def test_a_training_loop_with_its_validation_is_judged_by_its_training_alone(tmp_path: Path) -> None:
    """Validation pictures of another brightness are no gap between the statistics and what they are statistics of."""
    model = small_network()
    with torch.no_grad(), bncli.record(model, tmp_path / "run"):
        for _ in range(20):
            feed(model.train(), pictures(12, batch_size=16))
            feed(model.eval(), [batch * 3 + 5 for batch in pictures(4, batch_size=16)])
    torch.save(model.state_dict(), tmp_path / "m.pt")
    assert codes(tmp_path / "m.pt", tmp_path / "run") == set()
    told = invoke("check", tmp_path / "m.pt", "--recording", tmp_path / "run", "--fail-on", "never").stdout
    assert "those of eval mode, up to 80 a layer, are left out" in " ".join(told.split())
    answer = invoke("calibrate", tmp_path / "m.pt", tmp_path / "run", "-o", tmp_path / "new.pt", "-f", "json")
    assert [layer["num_left_out"] for layer in json.loads(answer.stdout)["layers"]] == [80, 80]
    new = torch.load(tmp_path / "new.pt")
    torch.testing.assert_close(new["1.running_mean"], model[1].running_mean, atol=0.1, rtol=0.1)


def test_stale_statistics_are_found_and_mended(recording: Path, tmp_path: Path) -> None:
    torch.save(small_network().state_dict(), tmp_path / "stale.pt")
    assert codes(tmp_path / "stale.pt", recording) == {"BN401", "BN404"}
    json_of("calibrate", tmp_path / "stale.pt", recording, "-o", tmp_path / "new.pt")
    assert codes(tmp_path / "new.pt", recording) == set()


def test_calibrate_is_offered_for_no_file_and_no_recording_that_it_refuses(recording: Path, tmp_path: Path) -> None:
    stale, legacy, poisoned = tmp_path / "stale.pt", tmp_path / "legacy.pt", tmp_path / "poisoned"
    state = {name: values + 9.0 if "mean" in name else values for name, values in small_network().state_dict().items()}
    torch.save(state, stale)
    torch.save(state, legacy, _use_new_zipfile_serialization=False)
    batches = pictures()
    batches[1][0, 0] = torch.nan
    model = small_network()
    with torch.no_grad(), bncli.record(model, poisoned):
        feed(model, batches)
    for checkpoint, seen, takes in ((stale, recording, True), (legacy, recording, False), (stale, poisoned, False)):
        offered = "next: bncli calibrate" in invoke("check", checkpoint, "--recording", seen).stdout
        refused = invoke("calibrate", checkpoint, seen, "-o", tmp_path / "new.pt", "--force").exit_code
        assert (offered, refused == 0) == (takes, takes)


def test_tiny_sorted_and_poisoned_batches_are_found(tmp_path: Path) -> None:
    torch.save(small_network().state_dict(), tmp_path / "m.pt")
    planted = {
        "BN402": pictures(20, batch_size=2),
        "BN403": [batch + 3 * step for step, batch in enumerate(pictures(10, batch_size=16))],
        "BN405": [*pictures(4, batch_size=16), torch.full((16, 2, 6, 6), torch.inf)],
    }
    for code, batches in planted.items():
        model = small_network()
        with torch.no_grad(), bncli.record(model, tmp_path / code):
            feed(model, batches)
        assert code in codes(tmp_path / "m.pt", tmp_path / code)

from __future__ import annotations

import json
import resource
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

import bncli
from bncli.cli.calibrate import EXAMPLES
from tests.helpers.invoke import ROOT, invoke
from tests.helpers.json_output import json_of
from tests.helpers.recordings import failing_batches, feed, pictures, small_network


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    """Return a folder with a network's `model.pt` and `model.safetensors`, and with a recording `run` of it."""
    model = small_network()
    torch.save(model.state_dict(), tmp_path / "model.pt")
    save_file(model.state_dict(), tmp_path / "model.safetensors")
    with torch.no_grad(), bncli.record(model, tmp_path / "run"):
        for batch in pictures(8, batch_size=16):
            model(batch)
    return tmp_path


def update_bn(folder: Path) -> dict[str, torch.Tensor]:
    model = small_network()
    model.load_state_dict(torch.load(folder / "model.pt"))
    torch.optim.swa_utils.update_bn(pictures(8, batch_size=16), model)
    return model.state_dict()


def loaded(path: Path) -> dict[str, torch.Tensor]:
    return load_file(path) if path.suffix == ".safetensors" else torch.load(path)


@pytest.mark.parametrize("suffix", ["pt", "safetensors"])
def test_the_mean_of_batches_is_what_update_bn_of_torch_gives(suffix: str, trained: Path) -> None:
    new = trained / f"new.{suffix}"
    json_of("calibrate", trained / f"model.{suffix}", trained / "run", "-o", new, "--estimate", "mean-of-batches")
    expected = update_bn(trained)
    for name, values in loaded(new).items():
        if name.endswith(("running_mean", "running_var")):
            torch.testing.assert_close(values, expected[name], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("suffix", ["pt", "safetensors"])
def test_everything_but_the_statistics_is_byte_for_byte_as_it_was(suffix: str, trained: Path) -> None:
    old, new = trained / f"model.{suffix}", trained / f"new.{suffix}"
    before = old.read_bytes()
    assert invoke("calibrate", old, trained / "run", "-o", new).exit_code == 0
    assert old.read_bytes() == before
    for name, values in loaded(old).items():
        is_statistic = name.endswith(("running_mean", "running_var"))
        assert torch.equal(loaded(new)[name], values) != is_statistic
    if suffix == "pt":
        with zipfile.ZipFile(old) as first, zipfile.ZipFile(new) as second:
            assert second.testzip() is None
            assert first.read("model/data.pkl") == second.read("model/data.pkl")


def test_a_layer_that_was_asked_for_moves_alone(trained: Path) -> None:
    document = json_of("calibrate", trained / "model.pt", trained / "run", "-o", trained / "new.pt", "--layer", "5")
    assert [layer["name"] for layer in document["layers"]] == ["5"]
    assert document["unused"] == []  # the checkpoint has the other recorded layer too
    assert torch.equal(loaded(trained / "new.pt")["1.running_mean"], loaded(trained / "model.pt")["1.running_mean"])


def test_what_moved_and_how_sure_it_is_is_told(trained: Path) -> None:
    answer = invoke("calibrate", trained / "model.pt", trained / "run", "-o", trained / "new.pt")
    assert "pooled over all batches: variance within them plus variance between them; variance with ddof 1" in (
        answer.stdout
    )
    assert "samples bring it to 0.01" in answer.stdout


def test_columns_are_listed_and_chosen(trained: Path) -> None:
    listing = invoke("calibrate", "any", "any", "-o", trained / "new.pt", "--columns", "help").stdout
    assert "var_ratio_max" in listing
    answer = invoke(
        *("calibrate", trained / "model.pt", trained / "run", "-o", trained / "new.pt"),
        *("--columns", "layer,num_batches", "-f", "csv"),
    )
    assert answer.stdout.splitlines() == ["layer,num_batches", "1,8", "5,8"]


def test_a_recording_that_was_cut_off_is_used_and_said_so(trained: Path) -> None:
    model = small_network()
    with pytest.raises(RuntimeError, match="channels"), bncli.record(model, trained / "early"):
        feed(model, failing_batches())
    document = json_of("calibrate", trained / "model.pt", trained / "early.part", "-o", trained / "new.pt")
    assert document["recordings"] == [{"path": str(trained / "early.part"), "is_complete": False}]


def failing(*arguments: object) -> tuple[int, str]:
    answer = invoke("calibrate", *arguments)
    assert answer.stdout == ""
    return answer.exit_code, answer.stderr


def test_activations_that_are_not_finite_leave_no_file(trained: Path) -> None:
    model = small_network()
    batch = pictures(1)[0]
    batch[0, 0, 0, 0] = torch.nan
    with bncli.record(model, trained / "poisoned"):
        model(batch)
    code, text = failing(trained / "model.pt", trained / "poisoned", "-o", trained / "new.pt")
    assert (code, "layer 1, channel 0: the batch of step 0 holds NaN or infinity" in text) == (3, True)
    assert not (trained / "new.pt").exists()


def test_statistics_beyond_the_stored_precision_are_refused(trained: Path) -> None:
    model = nn.Sequential(nn.BatchNorm1d(3))
    torch.save(model.half().state_dict(), trained / "half.pt")
    with bncli.record(model.float(), trained / "large"):
        model(torch.randn(8, 3) * 1000)
    code, text = failing(trained / "half.pt", trained / "large", "-o", trained / "new.pt")
    assert (code, "running_var is beyond what float16 holds" in text) == (3, True)


def test_a_recording_of_another_model_is_told(trained: Path) -> None:
    torch.save({"other": nn.BatchNorm1d(3).state_dict()}, trained / "other.pt")
    code, text = failing(trained / "other.pt", trained / "run", "-o", trained / "new.pt")
    assert code == 3
    assert "none of its layers is in" in text


def test_files_are_not_taken_for_recordings(trained: Path) -> None:
    for name, words in (("model.safetensors", "but no recording"), ("model.pt", "is no recording")):
        code, text = failing(trained / "model.pt", trained / name, "-o", trained / "new.pt")
        assert (code, words in text) == (3, True)


def test_files_that_exist_are_kept_without_force(trained: Path) -> None:
    code, text = failing(trained / "model.pt", trained / "run", "-o", trained / "model.pt")
    assert (code, "exists already" in text) == (4, True)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--estimate", "pool"], "did you mean pooled?"),
        (["--momentum", "0.1"], "--momentum is of the estimate ema, not of pooled"),
        (["--estimate", "ema"], "--estimate ema needs a --momentum"),
        (["--estimate", "ema", "--momentum", "2"], "momentum"),
        (["--prior-weight", "-1"], "--prior-weight is -1"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: list[str], words: str, trained: Path) -> None:
    code, text = failing(trained / "model.pt", trained / "run", "-o", trained / "new.pt", *options)
    assert (code, words in text) == (2, True)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_one_line(trained: Path) -> None:
    code, text = failing(trained / "model.pt", trained / "run", "-o", "/dev/full")
    assert (code, text.splitlines()[0]) == (4, "bncli: error: /dev/full: No space left on device")


def test_too_little_room_is_the_fault_of_the_output_and_not_of_the_checkpoint(trained: Path) -> None:
    torch.save({**torch.load(trained / "model.pt"), "others": torch.zeros(1 << 17)}, trained / "model.pt")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, hard))
    try:
        code, text = failing(trained / "model.pt", trained / "run", "-o", trained / "new.pt")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (code, text.splitlines()[0]) == (4, f"bncli: error: {trained / 'new.pt'}: File too large")
    assert not (trained / "new.pt").exists()


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_of_the_help_works(example: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    answer = invoke(*example.split()[1:])
    assert (answer.exit_code, answer.stderr) == (0, "")


def test_pooled_calibration_mends_what_stale_statistics_broke(tmp_path: Path) -> None:
    torch.manual_seed(0)
    x = torch.randn(400, 2, 6, 6) * 3 + 5
    model = small_network()
    with torch.no_grad():
        wanted = model.train()(x)
        torch.save(small_network().state_dict(), tmp_path / "stale.pt")
        with bncli.record(model, tmp_path / "run"):
            for batch in x.split(50):
                model(batch)
        json_of("calibrate", tmp_path / "stale.pt", tmp_path / "run", "-o", tmp_path / "new.pt")

        def error(name: str) -> float:
            model.load_state_dict(torch.load(tmp_path / name))
            return float((model.eval()(x) - wanted).norm() / wanted.norm())

        assert error("stale.pt") > 0.5
        assert error("new.pt") < 0.1


def test_the_document_names_its_settings(trained: Path) -> None:
    document: dict[str, Any] = json_of(
        *("calibrate", trained / "model.pt", trained / "run", trained / "run", "-o", trained / "new.pt"),
        *("--estimate", "ema", "--momentum", "0.2", "--prior-weight", "3"),
    )
    assert (document["estimate"], document["momentum"], document["prior_weight"]) == ("ema", 0.2, 3)
    assert document["layers"][0]["num_batches"] == 16
    assert json.dumps(document)

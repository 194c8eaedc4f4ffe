"""Tests of `bncli normalize`: the worked examples, every option, and every bad input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from tests.helpers.invoke import ROOT, invoke
from tests.helpers.json_output import json_of

if TYPE_CHECKING:
    from pathlib import Path

SAMPLES = ROOT / "samples"
INPUT_A, INPUT_B = SAMPLES / "input_a.npy", SAMPLES / "input_b.npy"
FOUR_DECIMALS = 3e-4
"""Inputs were rounded to four decimals: 5e-5, which dividing by a standard deviation of 0.2 makes 2.5e-4."""

TRAIN_A = """-0.1764 0.7257 0.1446 1.2605 -1.5434 0.0140 0.8332 0.8615 -0.8287 1.2987 -0.4685 -0.8403
    0.6121 1.2726 -1.4678 -0.7350 1.1199 -1.2269 -1.3693 -1.2899 -0.7707 1.1883 0.0769 1.3088"""
TRAIN_B = """-1.0599 0.9532 -0.2647 0.8146 0.2971 -1.7099 1.0554 0.9239 1.9331 0.0334 -1.3058 -0.0804
    1.0146 0.7528 -0.1986 1.3564 -1.6232 -0.3325 -1.6591 -0.7690 -0.3045 0.7691 0.1344 -0.7306"""
EVAL_B_AFTER_ONE_STEP = """0.2076 0.8215 0.4501 0.7792 0.6214 0.0094 0.7764 0.7488 0.9607 0.5619 0.2807 0.5380
    0.8402 0.7604 0.4702 0.9444 0.0358 0.4294 0.2065 0.3934 0.4909 0.7163 0.5831 0.4015"""


def output(*arguments: object) -> list[float]:
    values = np.array(json_of("normalize", *arguments, "--values")["values"]["output"])
    return values.reshape(-1).tolist()  # type: ignore[no-any-return]


def listed(text: str) -> Any:
    return pytest.approx([float(number) for number in text.split()], abs=FOUR_DECIMALS)


@pytest.mark.parametrize("backend", ["numpy", "torch", "auto", "both"])
@pytest.mark.parametrize("tracking", ["--track-running-stats", "--no-track-running-stats"])
@pytest.mark.parametrize(("path", "expected"), [(INPUT_A, TRAIN_A), (INPUT_B, TRAIN_B)])
def test_train_mode_gives_the_worked_examples(path: Path, expected: str, tracking: str, backend: str) -> None:
    assert output(path, tracking, "--backend", backend) == listed(expected)


@pytest.mark.parametrize(
    ("steps", "mean", "var"),
    [(1, [0.0562, 0.0586], [0.9092, 0.9043]), (2, [0.1068, 0.1114], [0.8275, 0.8183])],
)
@pytest.mark.parametrize("backend", ["numpy", "torch"])
def test_training_steps_move_the_running_statistics(
    steps: int, mean: list[float], var: list[float], backend: str
) -> None:
    running = json_of("normalize", INPUT_B, "--steps", steps, "--backend", backend)["running"]
    assert running["before"] == {"mean": [0, 0], "var": [1, 1], "num_batches_tracked": 0}
    assert running["after"]["mean"] == pytest.approx(mean, abs=FOUR_DECIMALS)
    assert running["after"]["var"] == pytest.approx(var, abs=FOUR_DECIMALS)
    assert running["after"]["num_batches_tracked"] == steps


def test_without_tracking_there_are_no_running_statistics() -> None:
    assert json_of("normalize", INPUT_B, "--no-track-running-stats")["running"] is None


@pytest.mark.parametrize("backend", ["numpy", "torch"])
def test_eval_mode_of_a_fresh_layer_returns_the_input(backend: str) -> None:
    expected = np.load(INPUT_B).reshape(-1).tolist()
    assert output(INPUT_B, "--mode", "eval", "--backend", backend) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("backend", ["numpy", "torch"])
def test_eval_mode_without_tracking_is_train_mode(backend: str) -> None:
    arguments = (INPUT_B, "--mode", "eval", "--no-track-running-stats", "--backend", backend)
    assert output(*arguments) == listed(TRAIN_B)


@pytest.mark.parametrize("backend", ["numpy", "torch"])
def test_eval_mode_after_one_training_step_uses_what_it_left(backend: str) -> None:
    assert output(INPUT_B, "--mode", "eval", "--steps", 1, "--backend", backend) == listed(EVAL_B_AFTER_ONE_STEP)


def test_eval_mode_with_given_running_statistics_gives_the_same(tmp_path: Path) -> None:
    after = json_of("normalize", INPUT_B)["running"]["after"]
    np.save(tmp_path / "mean.npy", after["mean"])
    np.save(tmp_path / "var.npy", after["var"])
    statistics = ("--running-mean", tmp_path / "mean.npy", "--running-var", tmp_path / "var.npy")
    assert output(INPUT_B, "--mode", "eval", *statistics) == listed(EVAL_B_AFTER_ONE_STEP)


def test_normalizing_one_channel_by_hand_agrees() -> None:
    x = np.load(INPUT_B)
    channel = x[:, 0].astype(float)
    by_hand = (channel - channel.mean()) / np.sqrt(channel.var() + 1e-5)
    seen = np.array(output(INPUT_B)).reshape(x.shape)[:, 0]
    np.testing.assert_allclose(seen, by_hand, rtol=1e-6)


def test_momentum_none_is_the_cumulative_average() -> None:
    document = json_of("normalize", INPUT_B, "--momentum", "none", "--steps", 3)
    x = np.load(INPUT_B).astype(float)
    assert document["momentum"] is None
    np.testing.assert_allclose(document["running"]["after"]["mean"], x.mean(axis=(0, 2, 3)))
    np.testing.assert_allclose(document["running"]["after"]["var"], x.var(axis=(0, 2, 3), ddof=1))


def test_weight_and_bias_are_applied_unless_the_layer_is_not_affine(tmp_path: Path) -> None:
    np.save(tmp_path / "w.npy", np.array([2.0, -1.0]))
    save_file({"b": np.array([0.5, 0.25])}, tmp_path / "b.safetensors")
    document = json_of("normalize", INPUT_B, "--weight", tmp_path / "w.npy", "--bias", tmp_path / "b.safetensors")
    assert document["channels"]["output_mean"] == pytest.approx([0.5, 0.25], abs=1e-6)
    assert document["channels"]["output_biased_var"] == pytest.approx([4, 1], rel=1e-3)
    assert json_of("normalize", INPUT_B, "--no-affine")["channels"]["weight"] is None


def test_a_checkpoints_layer_gives_what_torch_gives_in_both_modes() -> None:
    state = torch.load(SAMPLES / "digits.pt", weights_only=True)
    module = torch.nn.BatchNorm2d(16)
    module.load_state_dict({name[4:]: values for name, values in state.items() if name.startswith("bn2.")})
    x = torch.from_numpy(np.load(SAMPLES / "activations_1.npy"))
    layer = ("--checkpoint", SAMPLES / "digits.pt", "--layer", "bn2")
    for mode, training in (("eval", False), ("train", True)):
        with torch.no_grad():
            expected = module.train(training)(x).reshape(-1).tolist()
        seen = output(SAMPLES / "activations_1.npy", "--mode", mode, *layer)
        assert seen == pytest.approx(expected, abs=2e-6)
    after = json_of("normalize", SAMPLES / "activations_1.npy", *layer)["running"]["after"]
    assert after["var"] == pytest.approx(module.running_var.tolist(), rel=1e-6)
    assert after["num_batches_tracked"] == state["bn2.num_batches_tracked"].item() + 1


def test_eps_and_momentum_of_a_full_module_are_used_and_said_to_be_stored(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.random.default_rng(0).normal(size=(8, 32)).astype(np.float32))
    layer = ("--checkpoint", SAMPLES / "digits_module.pt", "--layer", "bn4")
    document = json_of("normalize", tmp_path / "x.npy", *layer)
    assert (document["eps"], document["eps_source"]) == (1e-3, "stored")
    assert (document["momentum"], document["momentum_source"]) == (0.05, "stored")
    given = json_of("normalize", tmp_path / "x.npy", *layer, "--eps", 0.5, "--momentum", 0.25)
    assert (given["eps"], given["eps_source"], given["momentum"]) == (0.5, "given", 0.25)


def test_a_stored_eps_of_0_stops_whatever_trains_and_nothing_else(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.random.default_rng(0).normal(size=(8, 4)).astype(np.float32))
    torch.save(torch.nn.Sequential(torch.nn.BatchNorm1d(4, eps=0.0)), tmp_path / "m.pt")
    layer = (tmp_path / "x.npy", "--checkpoint", tmp_path / "m.pt")
    for training in (("--mode", "train"), ("--mode", "eval", "--steps", 1), ("--mode", "eval", "--compare")):
        refused = invoke("normalize", *layer, *training)
        assert (refused.exit_code, f"{tmp_path / 'm.pt'}: layer 0: eps is 0" in refused.stderr) == (3, True)
    assert json_of("normalize", *layer, "--mode", "eval")["eps"] == 0


def test_compare_tells_the_gap_to_the_statistics_as_stored() -> None:
    layer = ("--checkpoint", SAMPLES / "digits.pt", "--layer", "bn2")
    document = json_of("normalize", SAMPLES / "activations_washed_out.npy", *layer, "--compare")
    state = torch.load(SAMPLES / "digits.pt", weights_only=True)
    mean, var = state["bn2.running_mean"].double().numpy(), state["bn2.running_var"].double().numpy()
    x = np.load(SAMPLES / "activations_washed_out.npy").astype(float)
    d = (x.mean(axis=(0, 2, 3)) - mean) / np.sqrt(var + 1e-5)
    r = np.sqrt((x.var(axis=(0, 2, 3)) + 1e-5) / (var + 1e-5))
    np.testing.assert_allclose(document["gap"]["d"], d, rtol=1e-9)
    np.testing.assert_allclose(document["gap"]["r"], r, rtol=1e-9)
    usual = json_of("normalize", SAMPLES / "activations_1.npy", *layer, "--compare")
    assert np.median(document["gap"]["output_gap"]) > 2 * np.median(usual["gap"]["output_gap"])


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_save_writes_the_output_in_its_dtype(tmp_path: Path, dtype: str) -> None:
    saved = tmp_path / "out.npy"
    document = json_of("normalize", INPUT_A, "--dtype", dtype, "--save", saved)
    assert document["output"] == str(saved)
    y = np.load(saved)
    assert (y.dtype, y.shape) == (dtype, (2, 2, 2, 3))
    assert y.reshape(-1).tolist() == pytest.approx(listed(TRAIN_A).expected, abs=2e-3)


def test_save_refuses_to_overwrite_without_force_and_leaves_the_file_alone(tmp_path: Path) -> None:
    saved = tmp_path / "out.npy"
    saved.write_bytes(b"mine")
    refused = invoke("normalize", INPUT_A, "--save", saved)
    assert (refused.exit_code, refused.stdout) == (4, "")
    assert saved.read_bytes() == b"mine"
    assert invoke("normalize", INPUT_A, "--save", saved, "--force").exit_code == 0
    assert np.load(saved).shape == (2, 2, 2, 3)


def test_channels_last_gives_the_same_statistics(tmp_path: Path) -> None:
    np.save(tmp_path / "last.npy", np.moveaxis(np.load(INPUT_A), 1, -1).copy())
    last = json_of("normalize", tmp_path / "last.npy", "--channel-axis", -1)
    assert last["channel_axis"] == 3
    assert last["channels"]["input_biased_var"] == json_of("normalize", INPUT_A)["channels"]["input_biased_var"]


@pytest.mark.parametrize("shape", [(6, 3), (4, 3, 5), (2, 3, 2, 3, 4)])
def test_inputs_of_one_and_three_dimensions_work(tmp_path: Path, shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    np.save(tmp_path / "x.npy", x)
    axes = tuple(axis for axis in range(len(shape)) if axis != 1)
    seen = json_of("normalize", tmp_path / "x.npy")["channels"]["input_mean"]
    np.testing.assert_allclose(seen, x.astype(float).mean(axis=axes), rtol=1e-12, atol=1e-15)


def test_an_input_of_bfloat16_gives_an_output_of_bfloat16_values(tmp_path: Path) -> None:
    document = json_of("normalize", SAMPLES / "activations_bfloat16.safetensors", "--save", tmp_path / "y.npy")
    assert document["dtype"] == "bfloat16"
    bits = np.load(tmp_path / "y.npy").view(np.uint32)
    assert (bits & 0xFFFF == 0).all()


def test_a_value_that_is_not_finite_is_told_and_stays_in_its_channel(tmp_path: Path) -> None:
    x = np.load(INPUT_A)
    x[0, 1, 0, 0] = np.nan
    np.save(tmp_path / "x.npy", x)
    document = json_of("normalize", tmp_path / "x.npy")
    assert document["channels"]["num_nan"] == [0, 1]
    assert document["channels"]["input_mean"][1] is None
    assert document["channels"]["input_mean"][0] == json_of("normalize", INPUT_A)["channels"]["input_mean"][0]
    assert "1 input value is NaN" in invoke("normalize", tmp_path / "x.npy").stdout


def test_an_empty_batch_moves_only_the_counter(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.empty((0, 2, 3), np.float32))
    running = json_of("normalize", tmp_path / "x.npy")["running"]
    assert running["after"] == {"mean": [0, 0], "var": [1, 1], "num_batches_tracked": 1}


def test_both_backends_agree_to_a_few_units_in_the_last_place_on_easy_data() -> None:
    deviation = json_of("normalize", SAMPLES / "activations_1.npy", "--backend", "both")["torch_deviation"]
    assert max(deviation["output_ulp"]) < 8
    assert max(deviation["mean_ulp"]) <= 1


def test_both_backends_part_where_float32_sums_cancel(tmp_path: Path) -> None:
    x = (1000 + np.random.default_rng(0).standard_normal((400_000, 2))).astype(np.float32)
    np.save(tmp_path / "x.npy", x)
    deviation = json_of("normalize", tmp_path / "x.npy", "--backend", "both")["torch_deviation"]
    assert min(deviation["var_ulp"]) > 10
    assert min(deviation["condition"]) == pytest.approx(1000, rel=0.02)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["nowhere.npy"], 3, "nowhere.npy: no such file"),
        ([INPUT_A, "--mode", "evil"], 2, "unknown mode 'evil'"),
        ([INPUT_A, "--backend", "jax"], 2, "unknown backend 'jax'"),
        ([INPUT_A, "--dtype", "int8"], 2, "unknown dtype 'int8'"),
        ([INPUT_A, "--momentum", "often"], 2, "momentum is 'often'"),
        ([INPUT_A, "--momentum", "1.5"], 2, "momentum is 1.5"),
        ([INPUT_A, "--eps", "0"], 2, "eps is 0"),
        ([INPUT_A, "--eps", "-1"], 2, "eps is -1"),
        ([INPUT_A, "--steps", "0"], 2, "at least one step"),
        ([INPUT_A, "--channel-axis", "2"], 3, "channel axis 2"),
        ([INPUT_A, "--array", "x"], 3, "no array 'x'"),
        ([INPUT_A, "--layer", "bn2"], 2, "no --checkpoint is given"),
        ([INPUT_A, "--checkpoint", SAMPLES / "digits.pt"], 3, "4 layers, and one is needed"),
        ([INPUT_A, "--checkpoint", SAMPLES / "digits.pt", "--layer", "bn9"], 3, "no layer matches 'bn9'"),
        ([INPUT_A, "--checkpoint", SAMPLES / "digits.pt", "--layer", "bn2"], 3, "the layer has 16"),
        ([INPUT_A, "--checkpoint", SAMPLES / "digits.pt", "--weight", INPUT_A], 2, "not both"),
        ([INPUT_A, "--no-affine", "--weight", INPUT_A], 2, "--no-affine contradicts"),
        ([INPUT_A, "--no-track-running-stats", "--running-var", INPUT_A], 2, "contradicts"),
        ([INPUT_A, "--weight", INPUT_A], 3, "weight has shape [2, 2, 2, 3]"),
        ([SAMPLES / "digits.pt"], 3, "one is needed"),
        ([SAMPLES / "digits.pt", "--array", "bn1.num_batches_tracked"], 3, "int64"),
        ([SAMPLES / "digits.pt", "--array", "bn1.weight"], 3, "2 to 5 axes"),
        ([INPUT_A, "--format", "jsn"], 2, "unknown format 'jsn'"),
        ([INPUT_A, "--save", "/nowhere/y.npy"], 4, "/nowhere"),
    ],
)
def test_a_bad_input_or_option_is_one_line(arguments: list[object], code: int, message: str) -> None:
    completed = invoke("normalize", *arguments)
    assert (completed.exit_code, completed.stdout) == (code, "")
    first, *hints = completed.stderr.splitlines()
    assert first.startswith("bncli: error: ")
    assert message in first
    assert all(hint.startswith("bncli: hint: ") for hint in hints)
    assert len(hints) <= 2


@pytest.mark.parametrize("shape", [(1, 3), (1, 3, 1, 1)])
def test_one_value_per_channel_is_refused_in_train_mode(tmp_path: Path, shape: tuple[int, ...]) -> None:
    np.save(tmp_path / "x.npy", np.ones(shape, np.float32))
    completed = invoke("normalize", tmp_path / "x.npy", "--save", tmp_path / "y.npy")
    assert completed.exit_code == 3
    assert f"{tmp_path}/x.npy: expected more than 1 value per channel" in completed.stderr
    assert not (tmp_path / "y.npy").exists()
    assert invoke("normalize", tmp_path / "x.npy", "--mode", "eval").exit_code == 0
    assert invoke("normalize", tmp_path / "x.npy", "--mode", "eval", "--compare").exit_code == 3
    assert invoke("simulate-momentum", tmp_path / "x.npy").exit_code == 3


@pytest.mark.parametrize("shape", [(0, 3, 4), (4, 3, 0)])
def test_an_empty_batch_leaves_nothing_to_compare(tmp_path: Path, shape: tuple[int, ...]) -> None:
    np.save(tmp_path / "x.npy", np.ones(shape, np.float32))
    record = json_of("normalize", tmp_path / "x.npy", "--compare", "--backend", "both")
    assert record["gap"]["size"] == record["torch_deviation"]["cause"] == ["no values"] * 3

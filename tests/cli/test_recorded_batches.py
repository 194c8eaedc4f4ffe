from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.numpy import load_file, save_file
from torch.utils.checkpoint import checkpoint

import bncli
from tests.helpers.invoke import ROOT, invoke
from tests.helpers.json_output import json_of
from tests.helpers.recordings import feed, pictures, small_network

if TYPE_CHECKING:
    from pathlib import Path

    from torch import nn

RUN = ROOT / "samples" / "digits_run.safetensors"


def recorded_run(folder: Path, momentum: float | None = 0.1) -> nn.Sequential:
    """Record a run, and return the network with the running statistics that it has after it."""
    model = small_network()
    model[1].momentum = momentum
    with torch.no_grad():
        feed(model, pictures(2, batch_size=9))
        with bncli.record(model, folder / "run"):
            feed(model, pictures(12, batch_size=16))
    return model


@pytest.mark.parametrize("momentum", [0.1, 0.3])
def test_a_replay_ends_where_the_layer_of_torch_ended(momentum: float, tmp_path: Path) -> None:
    model = recorded_run(tmp_path, momentum)
    document = json_of("simulate-momentum", tmp_path / "run", "--layer", "1")
    assert (document["source"], document["layer"], document["num_recorded"]) == ("recording", "1", 12)
    (run,) = document["runs"]
    assert run["momentum"] == momentum
    np.testing.assert_allclose(run["final_mean"], model[1].running_mean, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(run["final_var"], model[1].running_var, rtol=1e-5)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("num_before", [0, 1, 20])
def test_a_cumulative_layer_goes_on_counting_where_the_recording_found_it(
    num_before: int, dtype: str, tmp_path: Path
) -> None:
    model = torch.nn.Sequential(torch.nn.BatchNorm1d(2, momentum=None))
    generator = torch.Generator().manual_seed(0)
    feed(model, (torch.randn(16, 2, generator=generator) + 5 for _ in range(num_before)))
    with bncli.record(model, tmp_path / "run"):
        feed(model, (torch.randn(16, 2, generator=generator) + 1 for _ in range(5)))
    document = json_of("simulate-momentum", tmp_path / "run", "--dtype", dtype)
    (run,) = document["runs"]
    np.testing.assert_allclose(run["final_mean"], model[0].running_mean, rtol=1e-5)
    np.testing.assert_allclose(run["final_var"], model[0].running_var, rtol=1e-5)
    assert document["initial"]["num_batches_tracked"] == num_before
    assert run["initial_residue"] == pytest.approx(num_before / (num_before + 5))


def test_batches_of_eval_mode_update_nothing_and_are_not_replayed(tmp_path: Path) -> None:
    """A training loop with its validation in it, as torch ends it."""
    model = torch.nn.Sequential(torch.nn.BatchNorm1d(2))
    generator = torch.Generator().manual_seed(0)
    with bncli.record(model, tmp_path / "run"):
        for _ in range(2):
            feed(model.train(), (torch.randn(16, 2, generator=generator) + 1 for _ in range(5)))
            feed(model.eval(), (torch.randn(16, 2, generator=generator) + 10 for _ in range(3)))
    document = json_of("simulate-momentum", tmp_path / "run")
    np.testing.assert_allclose(document["runs"][0]["final_mean"], model[0].running_mean, rtol=1e-5)
    np.testing.assert_allclose(document["runs"][0]["final_var"], model[0].running_var, rtol=1e-5)
    assert (document["num_steps"], document["num_recorded"], document["num_left_out"]) == (10, 10, 6)
    assert json_of("simulate-momentum", tmp_path / "run", "--ghost-batch", 8)["num_steps"] == 20
    told = invoke("simulate-momentum", tmp_path / "run").stdout
    assert "10 recorded batches of 0 in train mode (6 in eval mode update nothing), from" in told


def test_a_recording_of_eval_mode_alone_is_replayed_as_if_it_had_trained(tmp_path: Path) -> None:
    trained, watched = (torch.nn.Sequential(torch.nn.BatchNorm1d(2)) for _ in range(2))
    batches = list(torch.randn(5, 16, 2, generator=torch.Generator().manual_seed(0)) + 1)
    with bncli.record(watched.eval(), tmp_path / "run"):
        feed(watched, batches)
    feed(trained, batches)
    document = json_of("simulate-momentum", tmp_path / "run")
    np.testing.assert_allclose(document["runs"][0]["final_mean"], trained[0].running_mean, rtol=1e-5)
    assert document["num_left_out"] == 0


def test_other_momenta_and_starts_are_tried_on_the_same_batches(tmp_path: Path) -> None:
    recorded_run(tmp_path)
    options = ("--layer", "1", "--momentum", "0.5", "--momentum", "none", "--init-mean", "7")
    document = json_of("simulate-momentum", tmp_path / "run", *options)
    recorded = json_of("simulate-momentum", tmp_path / "run", "--layer", "1")["initial"]
    assert document["initial"] == recorded | {"mean": [7.0] * 4}
    assert [run["momentum"] for run in document["runs"]] == [0.5, None]


def test_each_part_of_the_start_that_is_not_given_is_the_recorded_one(tmp_path: Path) -> None:
    recorded_run(tmp_path)
    run = ("simulate-momentum", tmp_path / "run", "--layer", "1")
    recorded = json_of(*run)["initial"]
    assert json_of(*run, "--init-var", 3)["initial"] == recorded | {"var": [3.0] * 4}
    new = {"mean": [0.0] * 4, "var": [1.0] * 4, "num_batches_tracked": 0}
    assert json_of(*run, "--init-mean", 0, "--init-var", 1)["initial"] == new
    assert "mean 7, and the variance that the first recorded batch found" in invoke(*run, "--init-mean", 7).stdout
    assert "variance 3, and the mean that the first recorded batch found" in invoke(*run, "--init-var", 3).stdout
    assert "mean 0, variance 1" in invoke(*run, "--init-mean", 0, "--init-var", 1).stdout


def test_two_updates_per_step_are_those_of_activation_checkpointing(tmp_path: Path) -> None:
    model = small_network()
    with bncli.record(model, tmp_path / "run"):
        for batch in pictures(5, batch_size=8):
            checkpoint(model, batch.requires_grad_(), use_reentrant=False).sum().backward()
    document = json_of("simulate-momentum", tmp_path / "run", "--layer", "5", "--updates-per-step", "2")
    assert (document["num_steps"], document["num_batches"]) == (10, 10)
    np.testing.assert_allclose(document["runs"][0]["final_var"], model[5].running_var, rtol=1e-5)


def test_ghost_batches_update_once_for_each_part(tmp_path: Path) -> None:
    recorded_run(tmp_path)
    document = json_of("simulate-momentum", tmp_path / "run", "--layer", "1", "--ghost-batch", "6")
    assert document["num_steps"] == 12 * 3


def test_the_start_is_told_to_be_the_recorded_one() -> None:
    answer = invoke("simulate-momentum", RUN, "--layer", "bn2")
    assert "16 recorded batches of bn2" in answer.stdout
    assert "the running statistics that the first recorded batch found" in answer.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([RUN], 3, "has 4 layers, and one is needed"),
        ([RUN, "--layer", "bn9"], 3, "no layer 'bn9'"),
        (
            [RUN, "--layer", "bn2", "--ghost-batch", 4, "--updates-per-step", 2],
            2,
            "--ghost-batch says how many updates",
        ),
        ([ROOT / "samples" / "input_a.npy", "--layer", "bn2"], 2, "--layer is of a recording"),
        ([ROOT / "samples" / "input_a.npy", "--ghost-batch", 2], 2, "--ghost-batch is of a recording"),
        ([RUN, RUN], 2, "is a recording, which is replayed alone, and 2 files are given"),
        ([ROOT / "samples" / "input_a.npy", RUN], 2, "is a recording, which is replayed alone"),
        (["--updates-per-step", 2], 2, "--updates-per-step is of a recording"),
        (["--layer", "bn2"], 2, "and neither is given"),
        ([RUN, "--layer", "bn2", "--updates-per-step", 10**20], 2, "and at most 33,554,432 are made"),
    ],
)
def test_options_that_do_not_go_together_are_refused(arguments: list[object], code: int, words: str) -> None:
    answer = invoke("simulate-momentum", *arguments)
    assert (answer.exit_code, words in answer.stderr, answer.stdout) == (code, True, "")


def test_batches_that_are_not_finite_are_not_replayed(tmp_path: Path) -> None:
    model = torch.nn.Sequential(torch.nn.BatchNorm1d(2))
    with bncli.record(model, tmp_path / "run"):
        feed(model, [torch.full((4, 2), torch.inf)])
    answer = invoke("simulate-momentum", tmp_path / "run")
    assert (answer.exit_code, "layer 0 has a batch of NaN or infinity" in answer.stderr) == (3, True)


def test_a_batch_that_claims_endless_samples_is_not_cut_into_endless_parts(tmp_path: Path) -> None:
    recorded_run(tmp_path)
    arrays = load_file(tmp_path / "run")
    with safe_open(tmp_path / "run", framework="np") as file:
        metadata = file.metadata()
    for field in ("num_samples", "num_values"):
        arrays[f"1.{field}"][0] = 2**60
    save_file(arrays, tmp_path / "run", metadata)
    answer = invoke("simulate-momentum", tmp_path / "run", "--layer", "1", "--ghost-batch", 2)
    assert (answer.exit_code, "would make 5.765e+17 updates" in answer.stderr) == (2, True)


def test_a_recorded_momentum_that_is_no_weight_is_not_replayed(tmp_path: Path) -> None:
    recorded_run(tmp_path, momentum=1.5)
    answer = invoke("simulate-momentum", tmp_path / "run", "--layer", "1")
    assert (answer.exit_code, "run: layer 1 has a momentum of 1.5" in answer.stderr) == (3, True)
    assert invoke("simulate-momentum", tmp_path / "run", "--layer", "1", "--momentum", 0.1).exit_code == 0

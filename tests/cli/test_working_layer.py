"""Tests of the layer that options describe: fresh, from files, or from a checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bncli.cli.given_settings import given_settings
from bncli.cli.working_layer import LayerOptions, working_layer
from bncli.core.backends.torch_backend import TorchBatchNorm
from bncli.errors import InputNotFound, InvalidUsage, InvalidValue, ShapeMismatch
from tests.helpers.batch_moments import moments_of_batch


def options(**changed: Any) -> LayerOptions:
    fields: dict[str, Any] = {
        **dict.fromkeys(("checkpoint", "layer", "weight", "bias", "running_mean", "running_var")),
        "is_affine": True,
        "tracks_running_stats": True,
        "given": given_settings(None, None),
    }
    return LayerOptions(**fields | changed)


def test_a_fresh_layer_has_the_initial_state_and_says_what_it_assumes() -> None:
    working = working_layer(options(), 3)
    layer = working.layer
    assert layer.weight is not None
    assert layer.bias is not None
    assert layer.running is not None
    assert (layer.weight.tolist(), layer.bias.tolist()) == ([1, 1, 1], [0, 0, 0])
    assert (layer.running.mean.tolist(), layer.running.var.tolist()) == ([0, 0, 0], [1, 1, 1])
    assert (working.eps.source, working.momentum.source, working.name) == ("assumed", "assumed", None)


def test_arrays_come_from_files_and_settings_from_options(tmp_path: Path) -> None:
    np.save(tmp_path / "v.npy", np.array([1.0, 2.0], np.float32))
    path = tmp_path / "v.npy"
    working = working_layer(options(weight=path, running_var=path, given=given_settings(1e-3, "none")), 2)
    assert working.layer.weight is not None
    assert working.layer.running is not None
    assert working.layer.weight.tolist() == working.layer.running.var.tolist() == [1, 2]
    assert (working.eps.value, working.eps.source, working.momentum.value) == (1e-3, "given", None)


def test_switches_leave_out_the_affine_part_and_the_running_statistics() -> None:
    layer = working_layer(options(is_affine=False, tracks_running_stats=False), 2).layer
    assert (layer.weight, layer.bias, layer.running) == (None, None, None)


def test_a_layer_of_a_checkpoint_brings_its_state(tmp_path: Path) -> None:
    module = torch.nn.Sequential(torch.nn.BatchNorm2d(4))
    module(torch.randn(8, 4, 3, 3))
    torch.save(module.state_dict(), tmp_path / "m.pt")
    working = working_layer(options(checkpoint=tmp_path / "m.pt"), 4)
    assert working.name == "0"
    assert working.layer.running is not None
    np.testing.assert_array_equal(working.layer.running.mean, module[0].running_mean.double().numpy())
    assert working.layer.running.num_batches_tracked == 1


def test_an_array_of_another_shape_is_told_with_its_file(tmp_path: Path) -> None:
    np.save(tmp_path / "v.npy", np.ones((2, 1), np.float32))
    with pytest.raises(ShapeMismatch, match=r"v\.npy: running_mean has shape \[2, 1\], and the input has 2 channels"):
        working_layer(options(running_mean=tmp_path / "v.npy"), 2)


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"eps": float("nan")}, "eps is nan: it must be a finite number, 0 or above"),
     ({"momentum": -0.1}, "momentum is -0.1: it must lie between 0 and 1, or be none")],
)  # fmt: skip
def test_a_stored_setting_that_no_layer_can_have_is_the_fault_of_the_file(
    settings: dict[str, float], message: str, tmp_path: Path
) -> None:
    path = tmp_path / "m.pt"
    torch.save(torch.nn.Sequential(torch.nn.BatchNorm2d(4, **settings)), path)  # type: ignore[arg-type]
    with pytest.raises(InvalidValue) as caught:
        working_layer(options(checkpoint=path), 4)
    assert caught.value.message == f"{path}: layer 0: {message}"
    given = given_settings(1e-5, "0.1")
    assert working_layer(options(checkpoint=path, given=given), 4).layer.eps == 1e-5


def test_a_stored_eps_of_0_is_the_fault_of_the_file_in_train_mode_alone(tmp_path: Path) -> None:
    path = tmp_path / "m.pt"
    torch.save(torch.nn.Sequential(torch.nn.BatchNorm2d(4, eps=0.0)), path)
    assert working_layer(options(checkpoint=path), 4).layer.eps == 0
    with pytest.raises(InvalidValue) as caught:
        working_layer(options(checkpoint=path), 4, trains=True)
    assert caught.value.message.startswith(f"{path}: layer 0: eps is 0")
    given = options(checkpoint=path, given=given_settings(1e-5, None))
    assert working_layer(given, 4, trains=True).layer.eps == 1e-5


@pytest.mark.parametrize("counter", [-1, float("nan"), float("inf"), 2.0**63])
def test_only_a_cumulative_average_needs_a_counter_that_counts(counter: float, tmp_path: Path) -> None:
    path = tmp_path / "m.npz"
    np.savez(path, **{"bn.running_mean": np.zeros(2), "bn.running_var": np.ones(2), "bn.num_batches_tracked": counter})
    with pytest.raises(InvalidValue) as caught:
        working_layer(options(checkpoint=path, given=given_settings(None, "none")), 2)
    message = f"{path}: layer bn: num_batches_tracked is {counter}: a cumulative average needs the number of batches"
    assert caught.value.message.startswith(message)
    layer = working_layer(options(checkpoint=path), 2).layer
    x = np.arange(6, dtype=np.float32).reshape(3, 2)
    torchs = TorchBatchNorm(layer, 2, "float32")
    torchs.forward(x, "train")
    ours, theirs = layer.trained_on(moments_of_batch(x)).running, torchs.running()
    assert ours is not None
    assert theirs is not None
    np.testing.assert_allclose(ours.mean, theirs.mean)
    assert theirs.num_batches_tracked is None


FILE = Path("some.npy")


@pytest.mark.parametrize(
    "changed",
    [
        {"checkpoint": FILE, "weight": FILE},
        {"layer": "bn1"},
        {"is_affine": False, "bias": FILE},
        {"tracks_running_stats": False, "running_mean": FILE},
    ],
)
def test_options_that_contradict_each_other_are_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(InvalidUsage):
        options(**changed)


def test_a_file_of_complex_numbers_or_of_several_arrays_is_no_array_of_a_layer(tmp_path: Path) -> None:
    np.save(tmp_path / "complex.npy", np.array([1 + 2j, 3]))
    with pytest.raises(InvalidValue, match=r"complex.npy: array .* is complex128; batch normalization takes real"):
        working_layer(options(weight=tmp_path / "complex.npy"), 2)
    np.savez(tmp_path / "several.npz", weight=np.ones(2), bias=np.ones(2))
    with pytest.raises(InputNotFound, match="several.npz: holds 2 arrays, and one is needed") as caught:
        working_layer(options(bias=tmp_path / "several.npz"), 2)
    assert caught.value.hint == "save bias in a file of its own, or give --checkpoint"

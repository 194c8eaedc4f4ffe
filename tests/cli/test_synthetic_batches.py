"""Tests of batches drawn from a population."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from bncli.cli.batch_options import BatchOptions
from bncli.cli.synthetic_batches import synthetic_batches
from bncli.errors import InputNotFound, InvalidValue
from tests.helpers.builders import torch_arrays

if TYPE_CHECKING:
    from pathlib import Path


def checkpoint(folder: Path, **changed: Any) -> Path:
    path = folder / "model.safetensors"
    save_file(torch_arrays("features.bn1") | torch_arrays("features.bn2", 7, seed=2, **changed), path)
    return path


def test_without_options_the_population_is_standard_normal() -> None:
    source, origin = synthetic_batches(BatchOptions())
    assert (source.mean.tolist(), source.std.tolist()) == ([0.0], [1.0])
    assert (source.batch_size, source.scenario, source.seed) == (32, "stationary", 0)
    assert origin.kind == "synthetic"
    assert origin.num_batches is None


def test_the_population_is_the_one_given() -> None:
    options = BatchOptions(mean=3.0, std=2.0, batch_size=8, scenario="drift", seed=5)
    source, origin = synthetic_batches(options)
    assert (source.mean.tolist(), source.std.tolist()) == ([3.0], [2.0])
    assert origin.details == {"batch_size": 8, "scenario": "drift", "seed": 5}
    assert origin.text == "drift, 8 normal values per channel of mean 3 and std 2, seed 5"


def test_the_population_is_that_of_a_layer(tmp_path: Path) -> None:
    path = checkpoint(tmp_path)
    source, origin = synthetic_batches(BatchOptions(checkpoint=path, layer="features.bn2"))
    stored = torch_arrays("bn", 7, seed=2)
    np.testing.assert_array_equal(source.mean, stored["bn.running_mean"].astype(float))
    np.testing.assert_allclose(source.std**2, stored["bn.running_var"].astype(float), rtol=1e-15)
    assert origin.kind == "checkpoint"
    assert (origin.details["path"], origin.details["layer"]) == (str(path), "features.bn2")


def test_one_of_several_layers_must_be_named(tmp_path: Path) -> None:
    with pytest.raises(InputNotFound, match="2 layers, and one is needed"):
        synthetic_batches(BatchOptions(checkpoint=checkpoint(tmp_path)))


def test_a_layer_without_channels_is_no_population(tmp_path: Path) -> None:
    save_file(torch_arrays(num_features=0), tmp_path / "none.safetensors")
    with pytest.raises(InvalidValue, match="layer bn has no channels"):
        synthetic_batches(BatchOptions(checkpoint=tmp_path / "none.safetensors"))


@pytest.mark.parametrize("role", ["running_mean", "running_var"])
def test_statistics_of_no_population_are_refused_with_layer_and_channel(tmp_path: Path, role: str) -> None:
    broken = np.ones(7, np.float32)
    broken[4] = np.nan
    path = checkpoint(tmp_path, **{role: broken})
    with pytest.raises(InvalidValue, match=r"bn2, channel 4: no population has mean"):
        synthetic_batches(BatchOptions(checkpoint=path, layer="features.bn2"))


def test_a_negative_variance_is_refused(tmp_path: Path) -> None:
    path = checkpoint(tmp_path, running_var=np.linspace(-1e-6, 1, 7).astype(np.float32))
    with pytest.raises(InvalidValue, match=r"variance -1e-06"):
        synthetic_batches(BatchOptions(checkpoint=path, layer="features.bn2"))

from __future__ import annotations

import numpy as np
import pytest
import torch

from bncli.analysis.affine_layers import affine_layers
from tests.helpers.builders import ArraysInMemory, torch_arrays


def test_norms_of_torch_without_statistics_are_found_and_other_layers_are_not() -> None:
    model = torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3),
        torch.nn.BatchNorm2d(4),
        torch.nn.BatchNorm2d(4, track_running_stats=False),
        torch.nn.GroupNorm(2, 4),
        torch.nn.InstanceNorm2d(4),
        torch.nn.LayerNorm(4),
        torch.nn.Linear(4, 4),
    )
    arrays = ArraysInMemory({name: tensor.numpy() for name, tensor in model.state_dict().items()})
    assert affine_layers(arrays) == ("2", "3", "5")


def test_a_scale_and_a_shift_of_different_shapes_are_no_normalization() -> None:
    assert affine_layers(ArraysInMemory({"a.weight": np.ones(3), "a.bias": np.ones(4)})) == ()


def test_a_layer_that_lost_one_of_its_statistics_is_not_among_them() -> None:
    assert affine_layers(ArraysInMemory(torch_arrays(running_var=None))) == ()


@pytest.mark.parametrize("statistic", ["moving_mean", "moving_std", "running_std", "_variance"])
def test_a_layer_with_any_statistic_is_not_among_them(statistic: str) -> None:
    arrays = {"norm/gamma:0": np.ones(3), "norm/beta:0": np.zeros(3), f"norm/{statistic}:0": np.ones(3)}
    assert affine_layers(ArraysInMemory(arrays)) == ()


def test_names_of_keras_are_understood() -> None:
    arrays = ArraysInMemory({"norm/gamma:0": np.ones(3), "norm/beta:0": np.zeros(3)})
    assert affine_layers(arrays) == ("norm",)


def test_no_value_is_read() -> None:
    arrays = ArraysInMemory(torch_arrays())
    affine_layers(arrays)
    assert arrays.names_read == []

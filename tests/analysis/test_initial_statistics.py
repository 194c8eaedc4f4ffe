from __future__ import annotations

import numpy as np
import torch

from bncli.analysis.initial_statistics import has_initial_statistics
from tests.helpers.builders import layer


def test_channels_of_a_new_layer_of_torch_have_them_and_one_update_takes_them_away() -> None:
    module = torch.nn.BatchNorm1d(4)
    buffers = {"running_mean": module.running_mean.numpy(), "running_var": module.running_var.numpy()}
    assert has_initial_statistics(layer(**buffers)).all()
    module(torch.randn(8, 4, generator=torch.Generator().manual_seed(0)))
    assert not has_initial_statistics(layer(**buffers)).any()


def test_each_of_the_two_counts() -> None:
    mean, var = np.array([0.0, 0.0, 1e-9, np.nan]), np.array([1.0, 1 - 1e-7, 1.0, np.nan])
    assert has_initial_statistics(layer(running_mean=mean, running_var=var)).tolist() == [True, False, False, False]

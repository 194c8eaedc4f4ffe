from __future__ import annotations

import numpy as np
import pytest
import torch

from bncli.analysis.age_of_death import DeadChannel, dead_channels, fewest_updates
from bncli.core.batch_norm_layer import Setting
from tests.helpers.builders import layer


@pytest.mark.parametrize(("momentum", "num_steps"), [(0.3, 120), (0.1, 300), (0.1, 600)])
def test_the_age_of_a_channel_that_torch_let_die_is_found(momentum: float, num_steps: int) -> None:
    bn = torch.nn.BatchNorm1d(4, momentum=momentum)
    assert bn.running_var is not None
    batch = torch.randn(64, 4, generator=torch.Generator().manual_seed(0))
    batch[:, 0] = 0
    bn.running_var[0] = 1.0
    with torch.no_grad():
        for _ in range(num_steps):
            bn(batch)
    var = bn.running_var.numpy()
    (dead,) = dead_channels([layer(running_var=var, momentum=Setting(momentum, "given"))])
    assert dead.channel == 0
    assert dead.fewest_updates is not None
    assert abs(dead.fewest_updates - num_steps) <= 4, "the other channels have a variance of about 1"


def test_of_a_variance_of_zero_and_of_a_layer_without_life_no_age_is_told() -> None:
    assert dead_channels([layer(running_var=np.array([0.0, 1, 1, 1]))]) == (DeadChannel("bn", 0, 0.0, None),)
    assert dead_channels([layer(running_var=np.zeros(4))]) == ()


def test_the_age_follows_the_momentum_that_is_given() -> None:
    assert fewest_updates(1.0, 0.9**50 * 0.99, 0.1) == 50
    assert fewest_updates(1.0, 1e-20, None) is None
    assert fewest_updates(1.0, 1e-20, 1.0) is None
    assert fewest_updates(1e-20, 1.0, 0.1) == 0
    dying = layer(running_var=np.array([1e-20, 1, 1, 1]))
    (assumed,), (given,), (still,) = (dead_channels([dying], momentum) for momentum in (None, 0.01, 0.0))
    assert assumed.fewest_updates is not None
    assert given.fewest_updates is not None
    assert given.fewest_updates > 9 * assumed.fewest_updates
    assert still.fewest_updates is None

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from bncli.analysis.decay_momentum import DecayMomentum, momentum_from_decay
from tests.helpers.builders import layer

if TYPE_CHECKING:
    from bncli.core.batch_norm_layer import BatchNormLayer

NUM_FEATURES = 8


def snapshot(bn: torch.nn.BatchNorm1d) -> BatchNormLayer:
    var, counter = bn.running_var, bn.num_batches_tracked
    assert var is not None
    assert counter is not None
    numbers = var.float().numpy() if var.dtype == torch.bfloat16 else var.numpy()
    return layer(
        num_features=NUM_FEATURES,
        running_var=numbers.copy(),
        dtype=str(var.dtype).removeprefix("torch."),
        num_batches_tracked=int(counter),
    )


def recovered(
    momentum: float | None, dtype: torch.dtype, num_steps: int = 60, num_dead: int = 3
) -> DecayMomentum | None:
    """Train torch's layer with some dead channels, and ask the files before and after the last `num_steps` steps."""
    generator = torch.Generator().manual_seed(0)
    bn = torch.nn.BatchNorm1d(NUM_FEATURES, momentum=momentum).to(dtype)

    def train(steps: int, dead: int) -> None:
        for _ in range(steps):
            x = torch.randn(32, NUM_FEATURES, generator=generator)
            x[:, :dead] = 0
            bn(x.to(dtype))

    with torch.no_grad():
        train(10, 0)
        train(5, num_dead)
        before = snapshot(bn)
        train(num_steps, num_dead)
    return momentum_from_decay([(before, snapshot(bn))])


@pytest.mark.parametrize("momentum", [0.9, 0.5, 0.1, 0.03, 0.01, 0.003, 0.001])
def test_the_momentum_of_float32_buffers_is_recovered_to_six_digits(momentum: float) -> None:
    found = recovered(momentum, torch.float32, num_steps=30)
    assert found is not None
    assert found.low <= momentum <= found.high
    assert found.high - found.low < 1e-6
    assert (found.num_channels, found.is_cumulative) == (3, False)


@pytest.mark.parametrize(
    ("dtype", "momentum", "num_steps"),
    [
        (torch.float64, 0.1, 60),
        (torch.float16, 0.1, 40),
        (torch.float16, 0.03, 100),
        (torch.bfloat16, 0.3, 60),
        (torch.bfloat16, 0.1, 60),
        (torch.bfloat16, 0.03, 200),
    ],
)
def test_buffers_of_other_types_bracket_the_momentum(dtype: torch.dtype, momentum: float, num_steps: int) -> None:
    found = recovered(momentum, dtype, num_steps)
    assert found is not None
    assert found.low <= momentum <= found.high


@pytest.mark.parametrize("momentum", [0.9, 0.1, 0.01, 0.001])
def test_arithmetic_in_float32_throughout_as_on_gpus_stays_within_the_bounds(momentum: float) -> None:
    decay = np.float32(1) - np.float32(momentum)
    before = np.array([1e-3, 1e-4, 0.7, 1], np.float32)
    after = before.copy()
    for _ in range(25):
        after[:3] *= decay
    found = momentum_from_decay([(layer(running_var=before), layer(running_var=after, num_batches_tracked=125))])
    assert found is not None
    assert found.low <= momentum <= found.high
    assert found.num_channels == 3


def test_the_cumulative_average_is_not_taken_for_a_momentum() -> None:
    found = recovered(None, torch.float32)
    assert found is not None
    assert found.is_cumulative


@pytest.mark.parametrize("num_dead", [0, 1])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("num_steps", [1, 7, 60])
def test_living_channels_do_not_agree_on_anything(num_dead: int, dtype: torch.dtype, num_steps: int) -> None:
    assert recovered(0.1, dtype, num_steps, num_dead) is None


def test_without_counters_that_grew_nothing_is_told() -> None:
    fallen = np.array([1e-3, 1e-3, 1, 1], np.float32)
    risen = np.ones(4, np.float32)
    for counters in ((None, None), (100, None), (100, 100), (100, 50), (100.0, 150.0)):
        before, after = (
            layer(running_var=var, num_batches_tracked=counter)
            for var, counter in zip((risen, fallen), counters, strict=True)
        )
        assert momentum_from_decay([(before, after)]) is None
    assert momentum_from_decay([]) is None


def test_channels_at_the_floor_are_left_to_the_floor() -> None:
    before = layer(running_var=np.full(4, 1e-30, np.float32), num_batches_tracked=100)
    after = layer(running_var=np.full(4, 5.6e-45, np.float32), num_batches_tracked=5000)
    assert momentum_from_decay([(before, after)]) is None

"""Tests that the torch backend computes what torch's own layer computes, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bncli.core.backends.torch_backend import TorchBatchNorm
from bncli.core.normalization import BatchNorm
from bncli.core.running_statistics import RunningStatistics, fresh
from bncli.errors import InvalidUsage, InvalidValue
from tests.helpers.batch_moments import moments_of_batch
from tests.helpers.oracles import torch_batch_norm

SHAPES = [(6, 3), (4, 3, 5), (2, 3, 4, 5), (2, 3, 2, 3, 4)]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("momentum", [0.1, None])
def test_training_gives_torchs_output_and_buffers_bit_for_bit(
    shape: tuple[int, ...], dtype: str, momentum: float | None
) -> None:
    values = torch.from_numpy(np.random.default_rng(1).normal(3, 2, shape)).to(getattr(torch, dtype))
    state_dtype = torch.float64 if dtype == "float64" else torch.float32
    module = torch_batch_norm(len(shape), 3, momentum=momentum, dtype=state_dtype)
    x = values.float().numpy() if dtype == "bfloat16" else values.numpy()
    ours = TorchBatchNorm(BatchNorm(3, momentum=momentum, running=fresh(3)), len(shape), dtype)
    with torch.no_grad():
        for _ in range(3):
            expected = module(values)
    seen = ours.forward(x, "train", steps=3)
    np.testing.assert_array_equal(seen, expected.float().numpy() if dtype == "bfloat16" else expected.numpy())
    running = ours.running()
    assert running is not None
    np.testing.assert_array_equal(running.mean, module.running_mean.numpy())
    np.testing.assert_array_equal(running.var, module.running_var.numpy())
    assert running.num_batches_tracked == 3
    with torch.no_grad():
        expected = module.eval()(values)
    np.testing.assert_array_equal(
        ours.forward(x, "eval"), expected.float().numpy() if dtype == "bfloat16" else expected.numpy()
    )


def test_weight_and_bias_and_running_statistics_are_the_layers() -> None:
    rng = np.random.default_rng(3)
    running = RunningStatistics(rng.normal(size=2).round(2), rng.uniform(1, 2, 2).round(2), 5)
    layer = BatchNorm(2, 1e-3, 0.2, np.array([2.0, -1.0]), np.array([0.5, 0.25]), running)
    x = rng.standard_normal((4, 2)).astype(np.float32)
    seen = TorchBatchNorm(layer, 2, "float32").forward(x, "eval")
    expected = (x - running.mean) / np.sqrt(running.var + 1e-3) * layer.weight + layer.bias
    np.testing.assert_allclose(seen, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("momentum", [0.1, None])
def test_a_layer_without_a_counter_moves_as_in_numpy_and_stays_without_one(momentum: float | None) -> None:
    layer = BatchNorm(2, momentum=momentum, running=RunningStatistics(np.array([0.5, 2.0]), np.array([1.5, 3.0]), None))
    x = np.random.default_rng(2).standard_normal((6, 2)).astype(np.float32)
    ours = TorchBatchNorm(layer, 2, "float32")
    ours.forward(x, "train", steps=2)
    running, expected = ours.running(), layer.trained_on(moments_of_batch(x), 2).running
    assert running is not None
    assert expected is not None
    assert running.num_batches_tracked is None
    np.testing.assert_allclose(running.mean, expected.mean, rtol=1e-6)
    np.testing.assert_allclose(running.var, expected.var, rtol=1e-6)


def test_channels_last_is_taken_and_given_back_as_it_lies() -> None:
    x = np.random.default_rng(0).standard_normal((2, 4, 5, 3)).astype(np.float32)
    seen = TorchBatchNorm(BatchNorm(3), 4, "float32").forward(x, "train", channel_axis=-1)
    first = TorchBatchNorm(BatchNorm(3), 4, "float32").forward(np.moveaxis(x, -1, 1).copy(), "train")
    assert seen.shape == x.shape
    np.testing.assert_allclose(seen, np.moveaxis(first, 1, -1), rtol=1e-5, atol=1e-6)


def test_a_layer_without_tracking_has_no_running_statistics() -> None:
    module = TorchBatchNorm(BatchNorm(2), 2, "float32")
    module.forward(np.ones((3, 2), np.float32), "train")
    assert module.running() is None


@pytest.mark.parametrize("device", ["potato", "meta", "mps", "cuda:99"])
def test_a_device_that_is_not_there_is_refused(device: str) -> None:
    with pytest.raises(InvalidUsage, match=device):
        TorchBatchNorm(BatchNorm(1), 2, "float32", device)


def test_what_torch_refuses_is_told_in_one_line() -> None:
    with pytest.raises(InvalidValue, match="more than 1 value per channel") as caught:
        TorchBatchNorm(BatchNorm(2), 4, "float32").forward(np.ones((1, 2, 1, 1), np.float32), "train")
    assert "\n" not in caught.value.message
    with pytest.raises(InvalidValue, match="torch refuses the input"):
        TorchBatchNorm(BatchNorm(0, weight=np.ones(0)), 2, "float32").forward(np.ones((4, 0), np.float32), "train")

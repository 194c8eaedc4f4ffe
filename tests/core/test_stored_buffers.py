from __future__ import annotations

import numpy as np
import pytest
import torch

from bncli.core.batch_statistics import BatchStatistics
from bncli.core.stored_buffers import BufferDtype, as_stored, stored_buffers

NUM_STEPS, NUM_FEATURES = 300, 3

MOMENTA = [0.1, 0.01, 0.001, 0.9, 0.37, 1.0, 0.0, None]

DTYPES: list[BufferDtype] = ["float32", "bfloat16", "float16"]

SIGNIFICANT_BITS = {"float32": 8, "bfloat16": 4, "float16": 5}


def exact_batches(dtype: BufferDtype, num_values: int) -> tuple[np.ndarray, np.ndarray]:
    """Centres and half-widths of batches whose values, mean and variance have no rounding error in `dtype`."""
    rng = np.random.default_rng(num_values)
    limit = 2 ** SIGNIFICANT_BITS[dtype]
    centres = rng.integers(-limit, limit, (NUM_STEPS, NUM_FEATURES)) / 8
    widths = rng.integers(1, limit // 2, (NUM_STEPS, NUM_FEATURES)) / 8
    return centres, widths


def torch_buffers(dtype: BufferDtype, shape: tuple[int, ...], momentum: float | None) -> np.ndarray:
    num_values = int(np.prod(shape)) // NUM_FEATURES
    centres, widths = exact_batches(dtype, num_values)
    kind = torch.nn.BatchNorm1d if len(shape) == 2 else torch.nn.BatchNorm2d
    layer = kind(NUM_FEATURES, momentum=momentum).to(getattr(torch, dtype))
    signs = np.tile([1.0, -1.0], num_values // 2)
    stored = []
    for centre, width in zip(centres, widths, strict=True):
        channels = torch.from_numpy(centre + signs[:, None] * width).to(getattr(torch, dtype))
        x = channels if len(shape) == 2 else channels.reshape(shape[0], *shape[2:], -1).movedim(-1, 1).contiguous()
        layer(x)
        stored.append(torch.stack([layer.running_mean, layer.running_var]).float().numpy())
    return np.stack(stored)


def ours(dtype: BufferDtype, num_values: int, momenta: list[float | None]) -> np.ndarray:
    centres, widths = exact_batches(dtype, num_values)
    batches = BatchStatistics(np.full(NUM_STEPS, num_values), centres, widths**2 * num_values / (num_values - 1))
    return stored_buffers(fresh_buffers(len(momenta)), batches, momenta, dtype)


def fresh_buffers(num_momenta: int) -> np.ndarray:
    return np.stack([np.zeros((num_momenta, NUM_FEATURES)), np.ones((num_momenta, NUM_FEATURES))], axis=1, dtype="f4")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(2, 3), (8, 3), (258, 3), (1000, 3), (4, 3, 6, 4)])
def test_buffers_are_those_of_torch_bit_for_bit_in_every_step(dtype: BufferDtype, shape: tuple[int, ...]) -> None:
    values = ours(dtype, int(np.prod(shape)) // NUM_FEATURES, MOMENTA)
    for position, momentum in enumerate(MOMENTA):
        np.testing.assert_array_equal(values[:, position], torch_buffers(dtype, shape, momentum), err_msg=str(momentum))


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_run_may_be_cut_anywhere(dtype: BufferDtype) -> None:
    centres, widths = exact_batches(dtype, 8)
    batches = BatchStatistics(np.full(NUM_STEPS, 8), centres, widths**2)
    momenta = [0.1, None]
    whole = stored_buffers(fresh_buffers(2), batches, momenta, dtype)
    head = stored_buffers(fresh_buffers(2), batches.rows(np.arange(120)), momenta, dtype)
    tail = stored_buffers(head[-1], batches.rows(np.arange(120, NUM_STEPS)), momenta, dtype, num_seen=120)
    np.testing.assert_array_equal(np.concatenate([head, tail]), whole)


def test_float32_stays_near_the_exact_average() -> None:
    exact = np.zeros(NUM_FEATURES)
    centres, _ = exact_batches("float32", 8)
    for centre in centres:
        exact += 0.1 * (centre - exact)
    np.testing.assert_allclose(ours("float32", 8, [0.1])[-1, 0, 0], exact, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("dtype", "momentum", "stuck_at"),
    [("bfloat16", 0.1, 3.3125), ("bfloat16", 0.01, 2.03125), ("bfloat16", 0.001, 1.0)],
)
def test_bfloat16_freezes_short_of_a_constant_batch(dtype: BufferDtype, momentum: float, stuck_at: float) -> None:
    num_steps = round(40 / momentum)
    constant = BatchStatistics(np.full(num_steps, 16), np.full((num_steps, 1), 3.5), np.full((num_steps, 1), 0.5))
    initial = np.array([[[0.0], [1.0]]], np.float32)
    values = stored_buffers(initial, constant, [momentum], dtype)
    frozen = values[-1, 0, 1 if momentum == 0.001 else 0, 0]
    assert frozen == stuck_at
    assert (values[num_steps // 2 :, 0] == values[-1, 0]).all()


def test_a_variance_beyond_float16_becomes_infinite_as_in_torch() -> None:
    layer = torch.nn.BatchNorm1d(1).half()
    layer(torch.tensor([[1000.0], [-1000.0]]).half())
    layer(torch.tensor([[2000.0], [-2000.0]]).half())
    batches = BatchStatistics(np.array([2, 2]), np.zeros((2, 1)), np.array([[2e6], [8e6]]))
    values = stored_buffers(np.array([[[0.0], [1.0]]], np.float32), batches, [0.1], "float16")
    assert values[-1, 0, 1, 0] == layer.running_var.float().item() == np.inf


@pytest.mark.parametrize("dtype", DTYPES)
def test_initial_values_are_rounded_as_torch_rounds_them(dtype: BufferDtype) -> None:
    values = np.random.default_rng(0).normal(0, 100, 1000)
    expected = torch.from_numpy(values).to(getattr(torch, dtype)).float().numpy()
    np.testing.assert_array_equal(as_stored(values, dtype), expected)

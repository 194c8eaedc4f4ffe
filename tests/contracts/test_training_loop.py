"""A simulation beside the loop that it stands for: a layer of torch that trains on batches of 32 x 64 x 14 x 14."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from bncli.analysis.batch_measurement import measure_batches
from bncli.analysis.input_tensor import input_tensor
from bncli.analysis.running_trajectory import TrajectorySettings, trajectory
from bncli.core.batch_statistics import BatchStatistics
from bncli.core.recorded_batches import RecordedBatches
from bncli.core.running_statistics import fresh
from bncli.formats.detection import open_named_arrays

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from bncli.core.stored_buffers import BufferDtype

NUM_STEPS, SHAPE = 12, (32, 64, 14, 14)
NUM_FEATURES = SHAPE[1]
MOMENTA = (0.1, 0.003, None)


def normal_batches(dtype: torch.dtype) -> torch.Tensor:
    """Batches of channels with means and deviations of their own, shape (NUM_STEPS, *SHAPE)."""
    generator = torch.Generator().manual_seed(0)
    mean = torch.linspace(-3, 5, NUM_FEATURES)[:, None, None]
    std = torch.linspace(0.2, 4, NUM_FEATURES)[:, None, None]
    return (mean + std * torch.randn(NUM_STEPS, *SHAPE, generator=generator)).to(dtype)


def looped(batches: torch.Tensor, momentum: float | None) -> NDArray[np.float64]:
    """What the layer stores after each batch, shape (NUM_STEPS, 2, C)."""
    layer = torch.nn.BatchNorm2d(NUM_FEATURES, momentum=momentum, dtype=batches.dtype)
    stored = []
    for batch in batches:
        layer(batch)
        stored.append(torch.stack([layer.running_mean, layer.running_var]).double().numpy())
    return np.stack(stored)


def statistics_of_torch(batches: torch.Tensor) -> BatchStatistics:
    """The batches' statistics as torch computes them, before a buffer rounds them: momentum 1 into float32 buffers."""
    mean, var = torch.zeros(len(batches), NUM_FEATURES), torch.ones(len(batches), NUM_FEATURES)
    for batch, running_mean, running_var in zip(batches, mean, var, strict=True):
        torch.batch_norm_update_stats(batch, running_mean, running_var, 1.0)
    num_values = np.full(len(batches), batches[0, :, 0].numel())
    return BatchStatistics(num_values, mean.double().numpy(), var.double().numpy())


def test_values_in_double_precision_are_those_of_the_loop_over_the_same_batches(tmp_path: Path) -> None:
    batches = normal_batches(torch.float64)
    np.save(tmp_path / "batches.npy", batches.flatten(0, 1).numpy())
    with open_named_arrays(tmp_path / "batches.npy") as arrays:
        measured = RecordedBatches(measure_batches(input_tensor(arrays, None, None), 1, SHAPE[0]))
    path = trajectory(measured, TrajectorySettings(MOMENTA, NUM_STEPS, fresh(NUM_FEATURES), kept_steps="all"))
    for index, momentum in enumerate(MOMENTA):
        np.testing.assert_allclose(path.values[:, index], looped(batches, momentum), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_stored_buffers_are_those_of_the_loop_bit_for_bit_given_the_same_batch_statistics(dtype: BufferDtype) -> None:
    batches = normal_batches(getattr(torch, dtype))
    source = RecordedBatches(statistics_of_torch(batches))
    settings = TrajectorySettings(MOMENTA, NUM_STEPS, fresh(NUM_FEATURES), dtype=dtype, kept_steps="all")
    path = trajectory(source, settings)
    for index, momentum in enumerate(MOMENTA):
        np.testing.assert_array_equal(path.values[:, index], looped(batches, momentum), err_msg=str(momentum))

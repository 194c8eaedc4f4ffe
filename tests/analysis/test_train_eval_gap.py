"""Tests of the gap between train and eval mode against outputs computed in full."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bncli.analysis.train_eval_gap import TrainEvalGap, train_eval_gap
from bncli.core.block_transform import BlockTransform
from bncli.core.channel_layout import ChannelLayout
from bncli.core.normalization import BatchNorm
from bncli.core.running_statistics import RunningStatistics
from tests.helpers.batch_moments import moments_of_batch

Batch = np.ndarray[Any, Any]


def gap_of(x: Batch, layer: BatchNorm) -> TrainEvalGap:
    moments = moments_of_batch(x)
    sample_means = x.mean(axis=2)
    return train_eval_gap(
        moments, sample_means, layer.normalization("train", moments), layer.normalization("eval", moments)
    )


def layer_with(mean: list[float], var: list[float]) -> BatchNorm:
    running = RunningStatistics(np.array(mean), np.array(var), 10)
    return BatchNorm(2, 1e-3, weight=np.array([2.0, -1.5]), bias=np.array([0.3, 1.0]), running=running)


def test_r_and_d_carry_the_train_output_into_the_eval_output_and_the_gap_is_their_distance() -> None:
    x = np.random.default_rng(0).normal(1, 2, (6, 2, 5))
    layer = layer_with([0.5, 2.0], [3.0, 1.0])
    gap = gap_of(x, layer)
    moments = moments_of_batch(x)
    layout = ChannelLayout.of(x.shape)
    (block,) = layout.blocks(x.size)
    train, evaluation = (
        BlockTransform(layout, layer.normalization(mode, moments), "float64")
        .apply(block, x.reshape(-1))
        .reshape(x.shape)
        .copy()
        for mode in ("train", "eval")
    )
    assert layer.weight is not None
    assert layer.bias is not None
    weight, bias = layer.weight[:, None], layer.bias[:, None]
    np.testing.assert_allclose(
        ((train - bias) / weight) * gap.r[:, None] + gap.d[:, None], (evaluation - bias) / weight
    )
    distance = np.sqrt(((train - evaluation) ** 2).sum(axis=(0, 2)) / (evaluation**2).sum(axis=(0, 2)))
    np.testing.assert_allclose(gap.output_gap, distance, rtol=1e-10)


def test_statistics_that_are_the_batchs_own_leave_no_gap() -> None:
    x = np.random.default_rng(0).normal(1, 2, (6, 2, 5))
    moments = moments_of_batch(x)
    gap = gap_of(x, layer_with(moments.mean.tolist(), moments.biased_var.tolist()))
    np.testing.assert_allclose(gap.r, 1)
    np.testing.assert_allclose(gap.d, 0, atol=1e-12)
    np.testing.assert_allclose(gap.output_gap, 0, atol=1e-7)


def test_positions_of_one_sample_that_agree_count_once() -> None:
    per_sample = np.random.default_rng(0).normal(0, 1, (200, 2, 1))
    same = gap_of(np.repeat(per_sample, 50, axis=2), layer_with([0, 0], [1, 1]))
    independent = gap_of(np.random.default_rng(1).normal(0, 1, (200, 2, 50)), layer_with([0, 0], [1, 1]))
    np.testing.assert_allclose(same.effective_count, 200, rtol=0.02)
    assert (independent.effective_count > 5000).all()
    assert (independent.effective_count <= 10_000).all()
    np.testing.assert_allclose(same.z, np.abs(same.d) * np.sqrt(same.effective_count))


def test_a_single_sample_is_no_evidence() -> None:
    gap = gap_of(np.random.default_rng(0).normal(0, 1, (1, 2, 50)), layer_with([0, 0], [1, 1]))
    assert np.isnan(gap.z).all()
    assert np.isfinite(gap.d).all()


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_a_channel_with_a_broken_value_is_no_evidence(broken: float) -> None:
    x = np.random.default_rng(0).normal(0, 1, (6, 2, 5))
    x[3, 1, 2] = broken
    with np.errstate(invalid="ignore"):
        gap = gap_of(x, layer_with([0, 0], [1, 1]))
    assert np.isfinite(gap.effective_count[0])
    assert np.isnan(gap.effective_count[1])


def test_samples_of_one_mean_count_in_full() -> None:
    gap = gap_of(np.tile(np.array([-1.0, 1.0]), (4, 2, 3)), layer_with([0, 0], [1, 1]))
    assert gap.effective_count == pytest.approx([24, 24])

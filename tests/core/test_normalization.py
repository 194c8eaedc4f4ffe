"""Tests of the transform and the training step against torch and by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from bncli.core.backends import numpy_backend
from bncli.core.backends.block_pass import BlockReader
from bncli.core.block_transform import BlockTransform
from bncli.core.channel_layout import Block, ChannelLayout
from bncli.core.normalization import BatchNorm, check_input, check_training_batch
from bncli.core.running_statistics import RunningStatistics, fresh
from bncli.errors import InvalidUsage, ShapeMismatch
from tests.helpers.batch_moments import moments_of_batch
from tests.helpers.oracles import torch_batch_norm

Batch = np.ndarray[Any, Any]
SHAPES = st.sampled_from([(4, 3), (2, 3, 5), (1, 2, 7), (2, 3, 4, 5), (3, 1, 2, 2), (2, 2, 2, 3, 2)])


def normalized(x: Batch, layer: BatchNorm, mode: Any, dtype: str | None = None) -> Batch:
    layout = ChannelLayout.of(x.shape)
    used = layer.normalization(mode, moments_of_batch(x))
    flat = x.reshape(-1)
    pieces: list[Batch] = []

    def use(_: Block, values: Batch) -> None:
        pieces.append(values.copy())

    reader = BlockReader(lambda start, stop: flat[start:stop])
    numpy_backend.transform(BlockTransform(layout, used, dtype or str(x.dtype)), reader, use)
    return np.concatenate(pieces).reshape(x.shape)


@given(
    shape=SHAPES,
    mode=st.sampled_from(["train", "eval"]),
    is_affine=st.booleans(),
    tracks=st.booleans(),
    momentum=st.sampled_from([None, 0.0, 0.1, 0.37, 1.0]),
    eps=st.sampled_from([1e-5, 1e-3, 1e-8]),
    dtype=st.sampled_from(["float32", "float64"]),
    steps=st.integers(1, 4),
    seed=st.integers(0, 999),
)
def test_output_and_buffers_agree_with_torch(
    shape: tuple[int, ...],
    mode: Any,
    is_affine: bool,
    tracks: bool,
    momentum: float | None,
    eps: float,
    dtype: str,
    steps: int,
    seed: int,
) -> None:
    rng = np.random.default_rng(seed)
    channels = shape[1]
    batches = [rng.normal(0.5, 2, shape).astype(dtype) for _ in range(steps)]
    weight, bias = rng.normal(1, 0.5, channels), rng.normal(0, 1, channels)
    module = torch_batch_norm(
        len(shape), channels, eps=eps, momentum=momentum, affine=is_affine, track_running_stats=tracks,
        dtype=getattr(torch, dtype),
    )  # fmt: skip
    if is_affine:
        module.load_state_dict({"weight": torch.tensor(weight), "bias": torch.tensor(bias)}, strict=False)
    stored = [values.astype(dtype).astype(float) if is_affine else None for values in (weight, bias)]
    layer = BatchNorm(channels, eps, momentum, *stored, fresh(channels) if tracks else None)
    with torch.no_grad():
        for x in batches:
            expected = module(torch.from_numpy(x))
            layer = layer.trained_on(moments_of_batch(x))
        if mode == "eval":
            expected = module.eval()(torch.from_numpy(batches[-1]))
    seen = normalized(batches[-1], layer, mode)
    precision = {"float32": 1e-5, "float64": 1e-13}[dtype]
    np.testing.assert_allclose(seen, expected.numpy(), rtol=precision, atol=precision * 20)
    if tracks:
        assert layer.running is not None
        np.testing.assert_allclose(layer.running.mean, module.running_mean.numpy(), rtol=precision, atol=precision)
        np.testing.assert_allclose(layer.running.var, module.running_var.numpy(), rtol=precision, atol=precision)
        assert layer.running.num_batches_tracked == module.num_batches_tracked.item() == steps


@pytest.mark.parametrize("mode", ["train", "eval"])
def test_eval_equals_its_scale_and_shift_and_train_equals_the_formula_by_hand(mode: Any) -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(3, 2, (4, 3, 5))
    running = RunningStatistics(rng.normal(size=3), rng.uniform(0.5, 2, 3), 7)
    layer = BatchNorm(3, weight=rng.normal(size=3), bias=rng.normal(size=3), running=running)
    assert layer.weight is not None
    assert layer.bias is not None
    for channel in range(3):
        values = x[:, channel]
        mean, var = (values.mean(), values.var()) if mode == "train" else (running.mean[channel], running.var[channel])
        by_hand = (values - mean) / np.sqrt(var + 1e-5) * layer.weight[channel] + layer.bias[channel]
        np.testing.assert_allclose(normalized(x, layer, mode)[:, channel], by_hand, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_train_output_is_the_exact_one_rounded_once(dtype: str) -> None:
    x = (1000 + np.random.default_rng(4).standard_normal((64, 2, 5))).astype(dtype)
    wide = x.astype(np.longdouble)
    exact = (wide - wide.mean((0, 2), keepdims=True)) / np.sqrt(wide.var((0, 2), keepdims=True) + 1e-5)
    seen = normalized(x, BatchNorm(2), "train")
    half_an_ulp = np.spacing(np.abs(exact).astype(dtype)).astype(np.longdouble) / 2
    assert (np.abs(seen.astype(np.longdouble) - exact) <= half_an_ulp * 1.002).all()


def test_a_constant_channel_normalizes_to_exactly_the_bias() -> None:
    x = np.full((4, 1, 3), 0.1, np.float32)
    assert (normalized(x, BatchNorm(1, bias=np.array([2.5])), "train") == 2.5).all()


def test_bfloat16_output_holds_only_values_of_bfloat16() -> None:
    x = np.random.default_rng(0).standard_normal((4, 2, 3)).astype(np.float32)
    y = normalized(x, BatchNorm(2), "train", "bfloat16")
    assert y.dtype == np.float32
    assert (y.view(np.uint32) & 0xFFFF == 0).all()


def test_training_refuses_one_value_per_channel_as_torch_does() -> None:
    x = np.ones((1, 3, 1, 1), np.float32)
    with pytest.raises(ValueError, match="Expected more than 1 value per channel"):
        torch.nn.BatchNorm2d(3)(torch.from_numpy(x))
    with pytest.raises(ShapeMismatch, match="x.npy: expected more than 1 value per channel"):
        check_training_batch(ChannelLayout.of(x.shape), "x.npy")
    check_training_batch(ChannelLayout.of((2, 3)), "x.npy")


def test_eval_mode_takes_one_value_per_channel() -> None:
    x = np.full((1, 3, 1, 1), 2.0, np.float32)
    assert normalized(x, BatchNorm(3, running=fresh(3)), "eval") == pytest.approx(2 / np.sqrt(1 + 1e-5))


def test_an_empty_batch_moves_only_the_counter_as_in_torch() -> None:
    module = torch.nn.BatchNorm2d(2)
    module(torch.empty(0, 2, 3, 3))
    layer = BatchNorm(2, running=fresh(2)).trained_on(moments_of_batch(np.empty((0, 2, 3, 3), np.float32)))
    assert layer.running is not None
    assert layer.running.num_batches_tracked == module.num_batches_tracked.item() == 1
    np.testing.assert_array_equal(layer.running.mean, module.running_mean.numpy())
    np.testing.assert_array_equal(layer.running.var, module.running_var.numpy())


def test_one_infinite_value_makes_the_running_mean_infinite_and_the_variance_nan_as_in_torch() -> None:
    x = np.random.default_rng(0).standard_normal((4, 2, 3)).astype(np.float32)
    x[0, 1, 0] = np.inf
    module = torch.nn.BatchNorm1d(2)
    module(torch.from_numpy(x))
    layer = BatchNorm(2, running=fresh(2)).trained_on(moments_of_batch(x))
    assert layer.running is not None
    np.testing.assert_allclose(layer.running.mean, module.running_mean.numpy(), rtol=1e-5)
    np.testing.assert_allclose(layer.running.var, module.running_var.numpy(), rtol=1e-5)
    assert layer.running.mean[1] == np.inf
    assert np.isnan(layer.running.var[1])


@pytest.mark.parametrize(("var", "expected"), [(0.0, 316.2278), (-9.9998997e-6, 99_978), (-1.0, np.nan)])
def test_a_variance_near_minus_eps_explodes_or_is_nan_as_in_torch(var: float, expected: float) -> None:
    layer = BatchNorm(1, running=RunningStatistics(np.zeros(1), np.array([var]), 1))
    scale = layer.normalization("eval", moments_of_batch(np.ones((2, 1)))).scale[0]
    assert scale == pytest.approx(expected, rel=1e-2, nan_ok=True)


def test_without_tracking_eval_mode_uses_the_batch_and_nothing_is_kept() -> None:
    x = np.random.default_rng(0).standard_normal((4, 2)).astype(np.float32)
    layer = BatchNorm(2).trained_on(moments_of_batch(x))
    assert layer.running is None
    np.testing.assert_array_equal(normalized(x, layer, "eval"), normalized(x, layer, "train"))


@pytest.mark.parametrize("eps", [-1e-5, float("nan"), float("inf")])
def test_an_impossible_eps_is_refused(eps: float) -> None:
    with pytest.raises(InvalidUsage, match="eps"):
        BatchNorm(1, eps=eps)


def test_eps_zero_is_refused_in_train_mode_only() -> None:
    batch = moments_of_batch(np.arange(4.0).reshape(2, 2))
    with pytest.raises(InvalidUsage, match="eps is 0"):
        BatchNorm(2, eps=0.0).normalization("train", batch)
    running = RunningStatistics(np.zeros(2), np.array([0.0, 4.0]), 1)
    scale = BatchNorm(2, eps=0.0, running=running).normalization("eval", batch).scale
    assert scale.tolist() == [np.inf, 0.5]


@pytest.mark.parametrize("weight", [1.0, -2.0, 0.0])
@pytest.mark.parametrize("mean", [0.0, 5.0, -5.0])
def test_a_division_by_zero_gives_what_torch_gives(mean: float, weight: float) -> None:
    x = np.array([[-1.0], [0.0], [2.0], [7.0]])
    running = RunningStatistics(np.array([mean]), np.zeros(1), 1)
    layer = BatchNorm(1, eps=0.0, weight=np.array([weight]), bias=np.array([3.0]), running=running)
    arrays = [torch.tensor([value], dtype=torch.float64) for value in (mean, 0.0, weight, 3.0)]
    expected = torch.nn.functional.batch_norm(torch.from_numpy(x), *arrays, eps=0.0)
    np.testing.assert_array_equal(normalized(x, layer, "eval"), expected.numpy())
    image = layer.normalization("eval", moments_of_batch(x)).image_of_moments(moments_of_batch(x))
    assert np.isnan([image.mean, image.biased_var]).all()


@pytest.mark.parametrize("momentum", [-0.1, 1.5, float("nan")])
def test_a_momentum_outside_zero_to_one_is_refused(momentum: float) -> None:
    with pytest.raises(InvalidUsage, match="momentum"):
        BatchNorm(1, momentum=momentum)


@pytest.mark.parametrize("role", ["weight", "bias"])
def test_parameters_of_another_length_are_refused(role: str) -> None:
    with pytest.raises(ShapeMismatch, match=role):
        BatchNorm(3, **{role: np.ones(2)})  # type: ignore[arg-type]


def test_other_channels_than_the_layers_are_refused_with_the_axis_that_would_fit() -> None:
    with pytest.raises(ShapeMismatch, match="4 channels on axis 1") as caught:
        check_input(ChannelLayout.of((2, 4, 4, 3)), 3, "x.npy")
    assert caught.value.hint is not None
    assert "--channel-axis -1" in caught.value.hint

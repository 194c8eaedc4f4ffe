"""Tests of the distances between torch and exact against a direct computation."""

from __future__ import annotations

import numpy as np
import torch

from bncli.analysis.deviation_cause import Cause
from bncli.analysis.input_tensor import input_tensor
from bncli.analysis.normalization_run import RunSettings, run
from bncli.analysis.torch_deviation import torch_deviation
from bncli.core.normalization import BatchNorm
from bncli.core.running_statistics import fresh
from tests.helpers.builders import ArraysInMemory


def test_distances_are_those_of_torchs_own_layer() -> None:
    x = (100 + np.random.default_rng(0).standard_normal((20, 3, 30))).astype(np.float32)
    module = torch.nn.BatchNorm1d(3, momentum=1.0)
    with torch.no_grad():
        y = module(torch.from_numpy(x)).double().numpy()
    wide = x.astype(np.longdouble)
    mean, var = wide.mean((0, 2)), wide.var((0, 2), ddof=1)
    exact = (wide - mean[:, None]) / np.sqrt(wide.var((0, 2)) + 1e-5)[:, None]
    units = np.spacing(np.maximum(np.abs(exact), 1).astype(np.float32)).astype(np.float64)
    deviation = torch_deviation(
        run(input_tensor(ArraysInMemory({"x": x})), BatchNorm(3, running=fresh(3)), RunSettings("train", 1))
    )
    np.testing.assert_allclose(deviation.output_ulp, np.abs((y - exact) / units).max((0, 2)).astype(float), rtol=1e-6)
    unit = np.spacing(mean.astype(np.float32))
    seen = np.abs(module.running_mean.double().numpy() - mean) / unit
    np.testing.assert_allclose(deviation.mean_ulp, seen.astype(float), atol=1e-6)
    seen = np.abs(module.running_var.double().numpy() - var) / np.spacing(var.astype(np.float32))
    np.testing.assert_allclose(deviation.var_ulp, seen.astype(float), atol=1e-4)
    np.testing.assert_allclose(deviation.condition, np.sqrt(1 + (mean**2 / var).astype(float)), rtol=1e-2)


def test_infinite_where_torch_overflows_and_zero_where_both_are_nan() -> None:
    x = np.random.default_rng(0).standard_normal((8, 2, 10)).astype(np.float32)
    x[:, 0] *= np.float32(1e30)
    x[0, 1, 0] = np.nan
    deviation = torch_deviation(
        run(input_tensor(ArraysInMemory({"x": x})), BatchNorm(2, running=fresh(2)), RunSettings("train", 1))
    )
    assert deviation.var_ulp[0] == np.inf
    assert deviation.output_ulp[1] == 0


def test_below_the_normal_range_the_unit_is_the_smallest_number() -> None:
    smallest = np.finfo(np.float32).smallest_subnormal
    x = np.array([[3], [4], [4], [6]], np.float32) * smallest
    module = torch.nn.BatchNorm1d(1, momentum=1.0)
    module(torch.from_numpy(x))
    assert module.running_mean is not None
    distance = abs(module.running_mean.item() / float(smallest) - 4.25)
    deviation = torch_deviation(
        run(input_tensor(ArraysInMemory({"x": x})), BatchNorm(1, running=fresh(1)), RunSettings("train", 1))
    )
    assert deviation.mean_ulp.tolist() == [distance] == [0.25]


def test_of_a_single_value_torch_takes_no_statistics_and_eval_mode_is_compared_all_the_same() -> None:
    x = np.array([[100.0, 0.25, -3.0]], np.float32)
    layer = BatchNorm(3, running=fresh(3))
    deviation = torch_deviation(run(input_tensor(ArraysInMemory({"x": x})), layer, RunSettings("eval", 0)))
    assert np.isnan([deviation.mean_ulp, deviation.var_ulp]).all()
    assert (deviation.output_ulp < 1).all()
    assert Cause.CANCELLATION not in deviation.causes


def test_an_empty_batch_leaves_nothing_to_compare() -> None:
    x = np.empty((0, 2, 5), np.float32)
    layer = BatchNorm(2, running=fresh(2))
    deviation = torch_deviation(run(input_tensor(ArraysInMemory({"x": x})), layer, RunSettings("train", 1)))
    assert np.isnan([deviation.mean_ulp, deviation.var_ulp, deviation.output_ulp, deviation.condition]).all()
    assert deviation.causes == (Cause.NO_VALUES,) * 2

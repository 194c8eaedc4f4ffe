"""Tests of the table of names and defaults of frameworks."""

from __future__ import annotations

import numpy as np
import pytest

from bncli.analysis.layer_discovery import discover
from bncli.analysis.naming_schemes import NAMING_SCHEMES, ddof_of_framework
from bncli.core.batch_norm_layer import Setting
from bncli.core.named_arrays import LayerHint
from tests.helpers.builders import ArraysInMemory


@pytest.mark.parametrize(
    ("framework", "names", "eps", "momentum"),
    [
        ("keras", ("block/bn/moving_mean:0", "block/bn/moving_variance:0", "block/bn/gamma:0"), 1e-3, 0.01),
        ("paddle", ("bn._mean", "bn._variance", "bn.weight"), 1e-5, 0.1),
        ("mxnet", ("bn.running_mean", "bn.running_var", "bn.gamma"), 1e-5, 0.1),
    ],
)
def test_other_frameworks_names_are_translated(
    framework: str, names: tuple[str, str, str], eps: float, momentum: float
) -> None:
    mean, var, weight = (np.arange(3) + start for start in (0.0, 10.0, 20.0))
    (layer,) = discover(ArraysInMemory(dict(zip(names, (mean, var, weight), strict=True)))).layers
    assert layer.framework == framework
    np.testing.assert_array_equal(layer.running_mean, mean)
    np.testing.assert_array_equal(layer.running_var, var)
    np.testing.assert_array_equal(layer.weight, weight)
    assert (layer.eps, layer.momentum) == (Setting(eps, "assumed"), Setting(momentum, "assumed"))


@pytest.mark.parametrize(
    ("framework", "mean", "eps", "momentum"),
    [
        ("onnx", "m", 1e-5, 0.1),
        ("caffe", "m", 1e-5, 0.001),
        ("mxnet", "bn_moving_mean", 1e-3, 0.1),
        ("mxnet", "bn_running_mean", 1e-5, 0.1),
    ],
)
def test_what_a_told_layer_does_not_hold_is_its_frameworks_default(
    framework: str, mean: str, eps: float, momentum: float
) -> None:
    hint = LayerHint("bn", roles={"running_mean": mean, "running_var": "v"}, framework=framework)
    (layer,) = discover(ArraysInMemory({mean: np.ones(3), "v": np.ones(3)}, {"bn": hint})).layers
    assert (layer.eps, layer.momentum) == (Setting(eps, "assumed"), Setting(momentum, "assumed"))


def test_all_rows_of_a_framework_agree_on_the_divisor_of_its_variances() -> None:
    for scheme in NAMING_SCHEMES:
        assert ddof_of_framework(scheme.framework) == scheme.ddof

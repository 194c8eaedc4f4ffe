"""Tests of the layer at rest."""

from __future__ import annotations

import numpy as np

from bncli.core.batch_norm_layer import Setting
from tests.helpers.builders import layer


def test_scale_and_shift_are_the_affine_map_of_eval_mode() -> None:
    stored = layer(eps=Setting(1e-3, "stored"))
    scale, shift = stored.scale_and_shift()
    x = np.linspace(-3, 3, 5)[:, None]
    var = stored.running_var.astype(float)
    expected = (x - stored.running_mean.astype(float)) / np.sqrt(var + 1e-3) * stored.weight + stored.bias
    np.testing.assert_allclose(x * scale + shift, expected, rtol=1e-12)


def test_without_affine_parameters_the_weight_is_one_and_the_bias_zero() -> None:
    plain, ones = layer(weight=None, bias=None), layer(weight=np.ones(4), bias=np.zeros(4))
    np.testing.assert_array_equal(plain.scale_and_shift(), ones.scale_and_shift())


def test_a_variance_below_minus_eps_has_no_scale() -> None:
    scale, _ = layer(running_var=np.array([-1.0, 1, 1, 1], np.float32)).scale_and_shift()
    assert np.isnan(scale).tolist() == [True, False, False, False]

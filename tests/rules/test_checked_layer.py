from __future__ import annotations

import numpy as np
import pytest
import torch

from bncli.core.batch_norm_layer import Setting
from bncli.rules.checked_layer import CheckedLayer, worst_first
from tests.helpers.rule_cases import NUM_CHANNELS, healthy
from tests.rules.test_bn201_never_updated import INITIAL, UNTRAINED


def test_channels_are_sound_dead_or_live_and_broken_ones_are_none_of_these() -> None:
    seen = CheckedLayer(healthy(running_var={0: np.nan, 1: -1.0, 2: 0.0, 3: 9e-12, 4: 2e-11}, weight={5: np.inf}))
    assert np.flatnonzero(~seen.is_sound).tolist() == [0, 1, 5]
    assert np.flatnonzero(seen.is_dead).tolist() == [2, 3]
    assert np.flatnonzero(seen.is_live).tolist() == [4, *range(6, NUM_CHANNELS)]


def test_the_gain_is_the_size_of_the_scale_in_eval_mode() -> None:
    layer = healthy(weight={0: -3.0})
    np.testing.assert_allclose(CheckedLayer(layer).gain, abs(layer.scale_and_shift()[0]))


def test_the_relative_gain_compares_with_the_sound_channels_alone() -> None:
    seen = CheckedLayer(
        healthy(running_var=np.ones(NUM_CHANNELS), weight={0: np.nan, 1: 8.0, **dict.fromkeys(range(2, 16), 2.0)})
    )
    assert seen.relative_gain[1] == pytest.approx(4)
    assert np.isnan(seen.relative_gain[0])


@pytest.mark.parametrize("weight", [np.zeros(NUM_CHANNELS), np.full(NUM_CHANNELS, np.nan)])
def test_without_a_median_gain_nothing_is_compared(weight: np.ndarray) -> None:
    assert np.isnan(CheckedLayer(healthy(weight=weight)).relative_gain).all()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_a_variance_of_one_less_eps_is_recognized_in_every_precision(dtype: type) -> None:
    frozen = np.full(NUM_CHANNELS, 1 - 1e-5, dtype)
    seen = CheckedLayer(healthy(running_mean=INITIAL["running_mean"], running_var=frozen))
    assert seen.is_initial.all()
    assert seen.is_frozen_var


@pytest.mark.parametrize(
    ("changed", "is_initial"),
    [({}, True), ({"weight": {0: 1.5}}, False), ({"bias": {0: 0.1}}, False), ({"weight": None, "bias": None}, True)],
)
def test_initial_parameters_are_ones_and_zeros_or_none(changed: dict[str, object], is_initial: bool) -> None:
    arrays = {role: UNTRAINED[role].copy() for role in ("weight", "bias")}
    for role, change in changed.items():
        if isinstance(change, dict):
            for channel, value in change.items():
                arrays[role][channel] = value
        else:
            arrays[role] = change
    assert CheckedLayer(healthy(**arrays)).has_initial_affine == is_initial


def test_settings_are_told_with_their_source() -> None:
    assert CheckedLayer(healthy()).momentum_words == "momentum 0.1 (assumed)"
    assert CheckedLayer(healthy(momentum=Setting(0.2, "given").value)).momentum_words == "momentum 0.2"
    assert CheckedLayer(healthy(momentum=None)).momentum_words == "a cumulative average"
    assert CheckedLayer(healthy()).eps_words == "eps 1e-05 (assumed)"


def test_channels_come_worst_first_and_equal_ones_in_order() -> None:
    assert worst_first(np.array([True, True, False, True]), np.array([1.0, 5.0, 9.0, 1.0])) == (1, 0, 3)


def test_numbers_are_rounded_to_the_type_in_the_file_where_numpy_holds_them_in_a_wider_one() -> None:
    values = (1e-5, 1 - 1e-5, 3.3)
    stored = CheckedLayer(healthy(dtype="bfloat16")).in_stored_precision(*values)
    assert stored.tolist() == torch.tensor(values).bfloat16().tolist()
    assert CheckedLayer(healthy(dtype="float8_e5m2")).in_stored_precision(3.3).tolist() == [float(np.float32(3.3))]


def test_a_layer_without_channels_has_no_state() -> None:
    empty = np.zeros(0, np.float32)
    seen = CheckedLayer(healthy(num_features=0, running_mean=empty, running_var=empty, weight=empty, bias=empty))
    assert not seen.is_frozen_var
    assert seen.relative_gain.size == 0

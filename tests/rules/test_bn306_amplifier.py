from __future__ import annotations

import numpy as np
import torch

from bncli.rules.bn306_amplifier import RULE
from tests.helpers.rule_cases import NUM_CHANNELS, Twins, file_of, healthy, observed, only

EVEN = {"running_var": np.ones(NUM_CHANNELS), "eps": 1e-5}

TWINS = Twins(
    faulty=file_of(healthy(**EVEN, weight={2: 30.0}, bias={2: 0.0})),
    sound=file_of(healthy(**EVEN, weight={2: 3.0}, bias={2: 0.0})),
)


def test_ten_times_the_median_scale_is_the_limit() -> None:
    ones = np.ones(NUM_CHANNELS)
    assert observed(RULE, healthy(**EVEN, weight=np.where(np.arange(NUM_CHANNELS) == 2, 9.99, ones))) == []
    seen = only(RULE, healthy(**EVEN, weight=np.where(np.arange(NUM_CHANNELS) == 2, -10.01, ones)))
    assert (seen.severity, seen.channels) == ("warning", (2,))


def test_a_layer_whose_scales_all_are_large_amplifies_nothing() -> None:
    assert observed(RULE, healthy(**EVEN, weight=np.full(NUM_CHANNELS, 500.0))) == []


def test_a_dead_filter_with_an_ordinary_weight_is_told_with_its_scale() -> None:
    # The state of pytorch/vision#648: a running_var of 1.86e-14 and a weight that eps makes a scale of hundreds.
    seen = only(RULE, healthy(running_var={11: 1.86e-14}, weight={11: 3.162}))
    assert seen.channels == (11,)
    assert "channel 11 is scaled 999.9 times" in seen.message


def test_a_variance_that_only_decayed_since_the_start_is_told_to_be_of_a_constant_input() -> None:
    bn = torch.nn.BatchNorm1d(NUM_CHANNELS)
    for _ in range(200):
        batch = torch.randn(32, NUM_CHANNELS)
        batch[:, 2] = 7
        bn(batch)
    statistics = {"running_mean": bn.running_mean.numpy(), "running_var": bn.running_var.numpy()}
    seen = only(RULE, healthy(**statistics, weight=None, bias=None, num_batches_tracked=200))
    assert seen.channels == (2,)
    assert "is what 200 updates at momentum 0.1 (assumed) leave of the initial 1" in seen.message
    assert "so that its input was constant" in seen.message


def test_a_small_variance_may_be_that_of_an_input_in_other_units() -> None:
    seen = only(RULE, healthy(running_var={2: 1e-6}, weight=None, bias=None))
    assert seen.message.endswith("unless it is an input in other units")


def test_a_layer_without_any_scale_has_no_median_to_compare_with() -> None:
    assert observed(RULE, healthy(weight=np.zeros(NUM_CHANNELS))) == []

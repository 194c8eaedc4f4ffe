from __future__ import annotations

import numpy as np
import pytest
import torch

from bncli.rules.bn102_negative_var import RULE
from tests.helpers.rule_cases import Twins, file_of, healthy, only

TWINS = Twins(
    faulty=file_of(healthy(running_var={3: -1e-3})),
    sound=file_of(healthy(running_var={3: 1e-3 + 1.0})),
)


def test_a_variance_just_above_minus_eps_tells_how_much_the_channel_is_scaled() -> None:
    # The number of shicai/MobileNet-Caffe#87, where eps had been subtracted from a variance of almost nothing.
    seen = only(RULE, healthy(running_var={7: np.float32(-9.9998997e-06)}))
    assert (seen.severity, seen.channels) == ("error", (7,))
    assert "running_var -9.9998997e-06 with eps 1e-05 (assumed)" in seen.message
    assert "channel 7 is scaled 99,978 times" in seen.message


def test_a_variance_below_minus_eps_is_told_to_give_nan() -> None:
    seen = only(RULE, healthy(running_var={1: -0.5, 2: -0.25}))
    assert seen.channels == (1, 2)
    assert seen.value == -0.5
    assert "leaves -0.5 under the root: 2 channels NaN or infinite in eval mode" in seen.message


def test_a_radicand_of_exactly_zero_counts_as_infinite() -> None:
    assert "1 channel NaN or infinite" in only(RULE, healthy(running_var={0: -0.25}, eps=0.25)).message


def test_both_kinds_in_one_layer_are_told_together() -> None:
    message = only(RULE, healthy(running_var={1: -0.5, 2: -5e-6})).message
    assert "1 channel NaN" in message
    assert "channel 2 is scaled" in message


@pytest.mark.parametrize(
    ("var", "mean", "cause"),
    [
        (-9.9e-6, 0.3, "a converter subtracted eps"),
        (-2e-3, 300.0, "E[x^2] - E[x]^2 cancels like that"),
        (-0.39, 0.3, "no rounding does that, but arithmetic on checkpoints"),
    ],
)
def test_the_size_of_a_negative_variance_tells_its_cause(var: float, mean: float, cause: str) -> None:
    seen = only(RULE, healthy(running_var={3: var}, running_mean={3: mean}))
    assert f"; {cause}" in seen.message
    assert (seen.remedy is None) == (var > -1e-5), "only eps can be put back"


def test_the_cause_of_the_worst_channel_is_told() -> None:
    seen = only(RULE, healthy(running_var={3: -5e-6, 4: -0.4}))
    assert seen.message.endswith("arrays in the wrong order or a manual edit")


def test_a_one_pass_variance_in_float32_is_told_to_cancel() -> None:
    batches = np.random.default_rng(0).normal(300, 1e-3, (200, 64)).astype(np.float32)
    one_pass = (batches**2).mean(1, dtype=np.float32) - batches.mean(1, dtype=np.float32) ** 2
    var = float(one_pass.min())
    assert var < -1e-5
    assert "E[x^2] - E[x]^2 cancels" in only(RULE, healthy(running_var={3: var}, running_mean={3: 300.0})).message


def test_minus_infinity_is_left_to_another_rule() -> None:
    assert only(RULE, healthy(running_var={0: -np.inf, 1: -1.0})).channels == (1,)


def test_the_amplification_is_what_torch_computes() -> None:
    bn = torch.nn.BatchNorm1d(1, affine=False).eval()
    bn.running_var.fill_(-9.9998997e-06)
    assert f"{float(bn(torch.ones(1, 1))):,.0f}" == "99,978"

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from bncli.rules.bn101_nonfinite import RULE
from tests.helpers.builders import layer
from tests.helpers.rule_cases import NUM_CHANNELS, Twins, file_of, findings_of, healthy, observed, only

if TYPE_CHECKING:
    from bncli.core.batch_norm_layer import BatchNormLayer

TWINS = Twins(
    faulty=file_of(healthy(running_mean={3: np.inf}, running_var={3: np.nan})),
    sound=file_of(healthy()),
)


def test_an_infinite_mean_beside_a_nan_variance_is_told_as_one_batch_that_overflowed() -> None:
    seen = only(RULE, healthy(running_mean={3: np.inf, 5: -np.inf}, running_var={3: np.nan, 5: np.nan}))
    assert (seen.severity, seen.channels) == ("error", (3, 5))
    assert "2 channels with running mean infinite and variance NaN, as one batch leaves them that overflowed" in (
        seen.message
    )


def test_a_finite_mean_beside_a_nan_variance_is_told_as_a_batch_of_one_value() -> None:
    assert "as a batch of one value per channel leaves them" in only(RULE, healthy(running_var={0: np.nan})).message


@pytest.mark.parametrize(
    ("mean", "var"), [(np.nan, np.nan), (np.nan, 1.0), (0.0, -np.inf), (np.inf, np.inf), (np.inf, 1.0)]
)
def test_other_statistics_that_are_not_finite_are_told_without_a_guess(mean: float, var: float) -> None:
    message = only(RULE, healthy(running_mean={1: mean}, running_var={1: var})).message
    assert "1 channel with running mean or variance NaN or infinite" in message
    assert "overflowed" not in message
    assert "one value" not in message


def test_a_variance_that_float16_cannot_hold_is_told_with_what_torch_then_computes() -> None:
    bn = torch.nn.BatchNorm1d(NUM_CHANNELS).eval()
    bn.running_var[2] = 1e5
    bn.bias.data[2] = 0.25
    bn.half()
    output = bn(torch.randn(4, NUM_CHANNELS).half())
    assert (output[:, 2] == 0.25).all()
    half = {"running_mean": bn.running_mean.numpy(), "running_var": bn.running_var.numpy(), "dtype": "float16"}
    seen = only(RULE, healthy(**half))
    assert (seen.severity, seen.channels) == ("error", (2,))
    assert seen.message == (
        "1 channel with running variance infinite and mean finite, as a conversion to float16 leaves a variance above "
        "65,504: in eval mode the output there is the bias, whatever comes in"
    )
    assert "keep batch normalization in float32" in (seen.remedy or "")


def test_an_infinite_variance_in_a_wider_type_was_in_a_narrower_one() -> None:
    message = only(RULE, healthy(running_var={1: np.inf})).message
    assert "such as one above 65,504 for float16: in eval mode the output there is the bias" in message


def test_an_infinite_variance_beside_other_faults_gets_a_sentence_of_its_own() -> None:
    seen = only(RULE, healthy(running_var={1: np.inf, 2: np.nan, 3: np.inf}, weight={3: np.nan}))
    no_output, constant = seen.message.split(": no finite output there in eval mode; ")
    assert no_output.startswith("1 channel with running variance NaN and mean finite")
    assert constant.startswith("1 channel with running variance infinite and mean finite")
    assert seen.remedy is None


@pytest.mark.parametrize("role", ["weight", "bias"])
def test_a_parameter_that_is_not_finite_is_told_as_a_diverged_run(role: str) -> None:
    message = only(RULE, healthy(**{role: {2: np.nan}})).message
    assert f"1 channel with a {role} that is NaN or infinite, as a diverged run leaves them" in message


def test_channels_with_most_broken_values_come_first() -> None:
    seen = only(RULE, healthy(running_var={1: np.nan, 4: np.nan}, running_mean={4: np.nan}, weight={4: np.nan}))
    assert seen.channels == (4, 1)


def test_a_layer_without_affine_parameters_can_be_broken_too() -> None:
    assert only(RULE, healthy(weight=None, bias=None, running_var={0: np.nan})).channels == (0,)


def test_each_broken_layer_is_told() -> None:
    broken = [healthy(name, running_var={0: np.nan}) for name in ("a", "b")]
    assert [seen.layer for seen in observed(RULE, *broken, healthy("c"))] == ["a", "b"]


def all_nan(name: str) -> BatchNormLayer:
    nothing = np.full(NUM_CHANNELS, np.nan, np.float32)
    return healthy(name, running_mean=nothing, running_var=nothing)


def test_the_layer_that_overflowed_comes_before_those_that_its_nan_reached() -> None:
    overflowed = healthy("z", running_mean={3: np.inf}, running_var={3: np.nan})
    cause, *consequences = observed(RULE, all_nan("a"), all_nan("b"), overflowed, healthy("c"))
    assert (cause.layer, cause.channels) == ("z", (3,))
    assert cause.message.endswith("; the NaN in 2 more layers follows from it")
    assert [seen.layer for seen in consequences] == ["a", "b"]
    assert all("follows from it" not in seen.message for seen in consequences)


def test_without_a_trace_of_the_cause_the_order_is_that_of_the_file() -> None:
    several = [all_nan("a"), healthy("b", weight={0: np.nan}, running_mean={0: np.nan}, running_var={0: np.nan})]
    seen = observed(RULE, *several)
    assert [each.layer for each in seen] == ["a", "b"]
    assert all("follows from it" not in each.message for each in seen)


def test_one_overflow_of_a_deep_network_is_found_where_it_happened() -> None:
    torch.manual_seed(0)
    model = torch.nn.Sequential()
    for _ in range(4):
        model.append(torch.nn.Linear(8, 8)).append(torch.nn.BatchNorm1d(8))
    batch = model[:3](torch.randn(16, 8))
    batch[0, 5] = torch.inf
    model[3:](batch)
    layers = [
        layer(name=name, num_features=8, running_mean=bn.running_mean.numpy(), running_var=bn.running_var.numpy(),
              weight=None, bias=None)
        for name, bn in model.named_children() if isinstance(bn, torch.nn.BatchNorm1d)
    ]  # fmt: skip
    cause, *consequences = findings_of(file_of(*layers))
    assert (cause.layer, cause.channels) == ("3", (5,))
    assert cause.message.endswith("; the NaN in 2 more layers follows from it")
    assert [finding.layer for finding in consequences if finding.code == "BN101"] == ["5", "7"]

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from bncli.rules.bn204_cold_start import RULE
from tests.helpers.rule_cases import NUM_CHANNELS, Twins, file_of, healthy, observed, only
from tests.rules.test_bn201_never_updated import UNWRITTEN
from tests.rules.test_bn203_counter_zero import PROBED

if TYPE_CHECKING:
    from bncli.core.batch_norm_layer import BatchNormLayer

TWINS = Twins(
    faulty=file_of(healthy(num_batches_tracked=10)),
    sound=file_of(healthy(num_batches_tracked=100)),
)


@pytest.mark.parametrize(
    ("counter", "momentum", "severity"),
    [(21, 0.1, "error"), (22, 0.1, "warning"), (43, 0.1, "warning"), (44, 0.1, None), (459, 0.01, None),
     (458, 0.01, "warning"), (4603, 0.001, None), (4602, 0.001, "warning")],
)  # fmt: skip
def test_the_residue_of_the_initial_values_sets_the_severity(
    counter: int, momentum: float, severity: str | None
) -> None:
    seen = observed(RULE, healthy(num_batches_tracked=counter, momentum=momentum))
    assert [each.severity for each in seen] == ([] if severity is None else [severity])


def test_an_assumed_momentum_is_said_to_be_one() -> None:
    message = only(RULE, healthy(num_batches_tracked=10)).message
    assert "after 10 updates at momentum 0.1 (assumed)" in message
    assert "34.9 %; it takes 44 updates" in message
    assert "(assumed)" not in only(RULE, healthy(num_batches_tracked=10, momentum=0.1)).message


def test_the_residue_is_taken_out_exactly() -> None:
    bn = torch.nn.BatchNorm1d(NUM_CHANNELS)
    batch = torch.from_numpy(np.random.default_rng(0).normal(3, 0.5, (64, NUM_CHANNELS)).astype(np.float32))
    for _ in range(7):
        bn(batch)
    left = 0.9**7
    seen = only(
        RULE,
        healthy(running_mean=bn.running_mean.numpy(), running_var=bn.running_var.numpy(), num_batches_tracked=7),
    )
    channel = int(bn.running_var.argmin())
    assert seen.value == pytest.approx(left)
    assert f"channel {channel} has variance {float(batch[:, channel].var()):.4g} instead of" in seen.message
    assert f"and mean {float(batch[:, channel].mean()):.4g} instead of" in seen.message


def test_a_variance_below_the_residue_shows_that_no_layer_of_that_counter_holds_one() -> None:
    layers = healthy("a", num_batches_tracked=10), healthy("b", num_batches_tracked=10, running_var={0: 0.3})
    seen = only(RULE, *layers)
    assert (seen.layer, seen.severity) == ("b", "info")
    assert "would still weigh 34.9 %, but running_var goes down to 0.3" in seen.message
    assert [each.severity for each in observed(RULE, *layers, healthy("c", num_batches_tracked=9))] == ["info", "error"]


def test_statistics_that_torch_estimated_anew_over_a_few_batches_are_only_mentioned() -> None:
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(8, NUM_CHANNELS), torch.nn.BatchNorm1d(NUM_CHANNELS))
    torch.optim.swa_utils.update_bn([torch.randn(32, 8) / 10 for _ in range(5)], model)
    bn = model[1]
    seen = only(
        RULE,
        healthy(running_mean=bn.running_mean.numpy(), running_var=bn.running_var.numpy(), num_batches_tracked=5),
    )
    assert (seen.severity, "estimated anew" in seen.message) == ("info", True)


def test_statistics_that_torch_may_have_estimated_anew_are_not_held_for_sure_to_hold_a_residue() -> None:
    cold = only(RULE, healthy(num_batches_tracked=10))
    assert cold.message.endswith(
        "; unless update_bn or momentum=None estimated the statistics: then nothing is left of them"
    )
    assert "--momentum none" in RULE.remedy
    assert observed(RULE, healthy(num_batches_tracked=10, momentum=None)) == []


def test_a_small_counter_beside_averaged_weights_is_only_mentioned() -> None:
    layers = healthy("a", num_batches_tracked=10), healthy("b", num_batches_tracked=10)
    seen = only(RULE, *layers, is_averaged=True)
    assert (seen.severity, seen.value) == ("info", pytest.approx(0.9**10))
    assert "would still weigh 34.9 %, but the weights are an average (the file holds n_averaged)" in seen.message


def test_statistics_that_were_never_written_do_not_hide_the_residue_of_others() -> None:
    seen = only(RULE, healthy("a", num_batches_tracked=10), healthy("b", **UNWRITTEN, num_batches_tracked=10))
    assert (seen.layer, seen.severity) == ("a", "error")


def test_a_momentum_of_zero_is_left_to_another_rule() -> None:
    assert observed(RULE, healthy(num_batches_tracked=100, momentum=0.0)) == []


def test_a_dead_channel_that_holds_nothing_but_the_residue_does_not_hide_it() -> None:
    assert only(RULE, healthy(num_batches_tracked=10, running_var={0: np.float32(0.9**10)})).severity == "error"


def test_a_cumulative_average_has_no_residue() -> None:
    assert observed(RULE, healthy(num_batches_tracked=1, momentum=None)) == []


@pytest.mark.parametrize("momentum", [-0.1, 1.1, float("nan"), float("inf")])
def test_a_momentum_that_is_no_weight_is_left_to_the_rule_about_it(momentum: float) -> None:
    assert observed(RULE, healthy(num_batches_tracked=100_000, momentum=momentum)) == []


def test_a_probed_model_and_one_without_counter_are_left_alone() -> None:
    assert observed(RULE, healthy(num_batches_tracked=1, **PROBED), healthy("b", num_batches_tracked=None)) == []


def near_initial(name: str, distance: float = 0.02, **changed: Any) -> BatchNormLayer:
    rng = np.random.default_rng(1)
    statistics = {
        "running_mean": (distance * rng.uniform(-1, 1, NUM_CHANNELS)).astype(np.float32),
        "running_var": (1 + distance * rng.uniform(-1, 1, NUM_CHANNELS)).astype(np.float32),
    }
    return healthy(name, **{**statistics, "num_batches_tracked": 0, **changed})


@pytest.mark.parametrize("counter", [0, None, 5000])
def test_an_average_that_hardly_left_its_start_is_told_for_all_of_its_layers(counter: int | None) -> None:
    layers = [near_initial(name, num_batches_tracked=counter) for name in ("ema.a", "ema.b")]
    seen = observed(RULE, *layers, healthy("model.a", num_batches_tracked=300), healthy("model.b"))
    assert [(each.layer, each.severity) for each in seen] == [("ema.a", "warning"), ("ema.b", "warning")]
    assert "a moving average (EMA) with a decay so near to 1" in seen[0].message
    assert seen[0].value == max(
        float(np.abs(array - start).max()) for array, start in ((layers[0].running_mean, 0), (layers[0].running_var, 1))
    )


def test_one_layer_of_the_same_counter_that_left_it_shows_that_the_others_normalize_what_is_normal() -> None:
    assert observed(RULE, near_initial("a"), near_initial("b"), near_initial("c", distance=0.3)) == []
    broken = near_initial("c", running_mean={0: np.nan})
    assert observed(RULE, near_initial("a"), near_initial("b"), broken) == []


def test_a_single_layer_near_its_start_may_have_normalized_inputs() -> None:
    assert observed(RULE, near_initial("a"), healthy("b")) == []


def test_layers_near_their_start_whose_counter_explains_it_are_told_once() -> None:
    seen = observed(RULE, *(near_initial(name, num_batches_tracked=2) for name in ("a", "b")))
    assert [each.severity for each in seen] == ["error", "error"]

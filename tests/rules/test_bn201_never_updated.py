from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bncli.rules.bn201_never_updated import RULE
from tests.helpers.rule_cases import NUM_CHANNELS, Twins, file_of, healthy, observed, only

INITIAL: dict[str, Any] = {
    "running_mean": np.zeros(NUM_CHANNELS, np.float32),
    "running_var": np.ones(NUM_CHANNELS, np.float32),
}
UNTRAINED: dict[str, Any] = {
    **INITIAL,
    "weight": np.ones(NUM_CHANNELS, np.float32),
    "bias": np.zeros(NUM_CHANNELS, np.float32),
}
UNWRITTEN: dict[str, Any] = {"running_mean": np.zeros(NUM_CHANNELS), "running_var": np.zeros(NUM_CHANNELS)}

TWINS = Twins(
    faulty=file_of(healthy(**INITIAL)),
    sound=file_of(healthy()),
)


@pytest.mark.parametrize(("counter", "words"), [(0, "lost on the way"), (500, "lost after 500 updates, or momentum")])
def test_initial_statistics_beside_a_trained_weight_are_an_error(counter: int, words: str) -> None:
    seen = only(RULE, healthy(**INITIAL, num_batches_tracked=counter))
    assert seen.severity == "error"
    assert words in seen.message


def test_a_trained_bias_alone_tells_that_the_layer_was_trained() -> None:
    assert only(RULE, healthy(**{**UNTRAINED, "bias": healthy().bias})).severity == "error"


@pytest.mark.parametrize("scale", [0.0, 1.0])
def test_an_untrained_layer_is_only_mentioned(scale: float) -> None:
    weight = np.full(NUM_CHANNELS, scale, np.float32)
    seen = only(RULE, healthy(**{**UNTRAINED, "weight": weight}, num_batches_tracked=0))
    assert seen.severity == "info"
    assert "untrained" in seen.message


def test_layers_that_are_new_beside_trained_ones_were_not_loaded() -> None:
    seen = observed(RULE, healthy("stem"), healthy("block"), healthy("head", **UNTRAINED, num_batches_tracked=0))
    assert [(each.layer, each.severity) for each in seen] == [("head", "warning")]
    assert "beside 2 trained layers: not loaded, as strict=False lets pass, or never run" in seen[0].message


def test_new_layers_beside_probed_or_broken_ones_are_an_untrained_model() -> None:
    new = healthy("new", **UNTRAINED, num_batches_tracked=0)
    probed = healthy("probed", **{**UNTRAINED, "running_mean": healthy().running_mean}, num_batches_tracked=2)
    assert [each.severity for each in observed(RULE, new, probed)] == ["info"]
    assert [each.severity for each in observed(RULE, new, healthy("zero", **UNWRITTEN))] == ["info", "error"]


@pytest.mark.parametrize("counter", [0, 200, None])
def test_statistics_that_all_are_zero_were_never_written(counter: int | None) -> None:
    seen = only(RULE, healthy(**UNWRITTEN, num_batches_tracked=counter))
    assert (seen.severity, seen.value, seen.channels) == ("error", 0, ())
    assert "exactly 0 in all 16 channels: the buffers were never written" in seen.message
    assert seen.message.endswith("eval mode divides by sqrt(eps) alone")


@pytest.mark.parametrize("role", ["running_mean", "running_var"])
def test_one_value_that_is_not_zero_was_written(role: str) -> None:
    assert observed(RULE, healthy(**{**UNWRITTEN, role: np.eye(1, NUM_CHANNELS)[0]})) == []


def test_a_layer_without_affine_parameters_can_only_be_called_untrained() -> None:
    assert only(RULE, healthy(**INITIAL, weight=None, bias=None)).severity == "info"


def test_a_frozen_layer_of_variance_one_minus_eps_is_only_mentioned() -> None:
    frozen = np.full(NUM_CHANNELS, np.float32(1 - 1e-5))
    seen = only(RULE, healthy(**{**INITIAL, "running_var": frozen}, num_batches_tracked=None))
    assert seen.severity == "info"
    assert "variance 1 - 1e-05" in seen.message
    assert "FrozenBatchNorm2d" in seen.message


def test_without_any_counter_in_the_file_statistics_count_as_folded() -> None:
    layers = [healthy(name, **INITIAL, num_batches_tracked=None) for name in ("a", "b")]
    assert [seen.severity for seen in observed(RULE, *layers)] == ["info", "info"]


def test_a_counter_elsewhere_in_the_file_makes_it_an_error() -> None:
    seen = only(RULE, healthy("a", **INITIAL, num_batches_tracked=None), healthy("b"))
    assert (seen.layer, seen.severity) == ("a", "error")


def test_a_folded_backbone_without_counters_below_a_head_that_counts_is_only_mentioned() -> None:
    backbone = [healthy(name, **INITIAL, num_batches_tracked=None) for name in ("stem", "block")]
    seen = observed(RULE, *backbone, healthy("head"))
    assert [(each.layer, each.severity) for each in seen] == [("stem", "info"), ("block", "info")]


@pytest.mark.parametrize("others", [1, 2])
def test_one_layer_that_lost_its_statistics_in_a_file_without_counters_is_an_error(others: int) -> None:
    sound = [healthy(name, num_batches_tracked=None) for name in ("a", "b")[:others]]
    seen = only(RULE, healthy("lost", **INITIAL, num_batches_tracked=None), *sound)
    assert (seen.layer, seen.severity) == ("lost", "error")


def test_frameworks_without_counters_cannot_claim_frozen_layers_by_their_absence() -> None:
    assert only(RULE, healthy(**INITIAL, num_batches_tracked=None, framework="keras")).severity == "error"


def test_one_channel_that_was_updated_is_enough_to_be_quiet() -> None:
    assert observed(RULE, healthy(**{**INITIAL, "running_mean": np.eye(1, NUM_CHANNELS)[0]})) == []

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from bncli.analysis.layer_discovery import discover
from bncli.formats.detection import open_named_arrays
from bncli.rules.bn203_counter_zero import RULE
from tests.helpers.rule_cases import Twins, file_of, healthy, observed, only
from tests.rules.test_bn201_never_updated import INITIAL, UNTRAINED, UNWRITTEN

if TYPE_CHECKING:
    from pathlib import Path

TWINS = Twins(
    faulty=file_of(healthy(num_batches_tracked=0)),
    sound=file_of(healthy(num_batches_tracked=1000)),
)
PROBED = {"weight": UNTRAINED["weight"], "bias": UNTRAINED["bias"]}


def test_a_counter_of_zero_beside_trained_statistics_is_converted_or_averaged_and_not_untrained() -> None:
    seen = only(RULE, healthy(num_batches_tracked=0))
    assert seen.severity == "info"
    assert "converted from another framework, or averaged" in seen.message
    assert "not untrained" in seen.message


def test_instance_normalization_never_counts_and_is_ruled_out_by_a_class_name_only(tmp_path: Path) -> None:
    norm = torch.nn.InstanceNorm2d(4, affine=True, track_running_stats=True)
    for _ in range(50):
        norm(torch.randn(4, 4, 5, 5))
    torch.save(torch.nn.Sequential(norm).state_dict(), tmp_path / "state.pt")
    with open_named_arrays(tmp_path / "state.pt") as arrays:
        assert "or InstanceNorm, which never counts, and not untrained" in only(RULE, *discover(arrays).layers).message
    assert "InstanceNorm" not in only(RULE, healthy(num_batches_tracked=0, class_name="BatchNorm2d")).message


def test_a_cumulative_average_makes_it_a_warning_because_the_next_batch_replaces_all() -> None:
    seen = only(RULE, healthy(num_batches_tracked=0, momentum=None))
    assert seen.severity == "warning"
    assert "weight 1 / (0 + 1)" in seen.message


def test_a_few_updates_beside_an_untouched_weight_and_bias_were_a_probe() -> None:
    seen = only(RULE, healthy(num_batches_tracked=2, **PROBED))
    assert seen.severity == "info"
    assert seen.message.startswith("2 updates of the statistics")


def test_many_updates_or_a_trained_weight_are_no_probe() -> None:
    assert observed(RULE, healthy(num_batches_tracked=6, **PROBED)) == []
    assert observed(RULE, healthy(num_batches_tracked=2)) == []


def test_a_hundred_updates_beside_an_untouched_weight_and_bias_were_training_without_an_optimizer() -> None:
    seen = only(RULE, healthy(num_batches_tracked=100, **PROBED))
    assert (seen.severity, seen.value, seen.threshold) == ("warning", 100, 100)
    assert "no optimizer moved them" in seen.message


@pytest.mark.parametrize(
    "changed",
    [{"num_batches_tracked": 99}, {"bias": None}, {"weight": None}, {"bias": healthy().bias}, {"weight": np.zeros(16)}],
)
def test_fewer_updates_a_missing_parameter_or_other_values_show_no_such_thing(changed: dict[str, Any]) -> None:
    assert observed(RULE, healthy(**{"num_batches_tracked": 100, **PROBED, **changed})) == []


def test_a_new_layer_and_one_without_a_counter_are_nothing() -> None:
    assert observed(RULE, healthy(**INITIAL, num_batches_tracked=0), healthy("b", num_batches_tracked=None)) == []


def test_statistics_that_were_never_written_are_not_trained() -> None:
    assert observed(RULE, healthy(**UNWRITTEN, num_batches_tracked=0)) == []

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from bncli.rules.bn401_stats_gap import RULE as STATS_GAP
from bncli.rules.bn404_output_gap import RULE as OUTPUT_GAP
from bncli.rules.checked_file import checked_file
from tests.helpers.builders import checkpoint
from tests.helpers.evidence import evidence, file_with, observations
from tests.helpers.rule_cases import NUM_CHANNELS, findings_of, healthy

if TYPE_CHECKING:
    from bncli.rules.base import Rule
    from bncli.rules.checked_file import CheckedFile

LAYER = healthy()
ORDER = np.roll(np.arange(NUM_CHANNELS), 5)
PERMUTED = {"mean": LAYER.running_mean[ORDER].astype(float), "biased_var": LAYER.running_var[ORDER].astype(float)}
SCALED = {"mean": 255.0 * LAYER.running_mean, "biased_var": 255.0**2 * LAYER.running_var}


@pytest.mark.parametrize("rule", [STATS_GAP, OUTPUT_GAP])
def test_an_input_in_another_scale_is_to_be_scaled_and_not_calibrated_for(rule: Rule) -> None:
    (seen,) = observations(rule, **SCALED)
    assert seen.severity == "error"
    assert seen.remedy is not None
    assert seen.remedy.startswith("Scale the input as in training")


def test_the_factor_of_another_scale_is_told() -> None:
    (seen,) = observations(STATS_GAP, **SCALED)
    assert "the standard deviations of all channels differ by one factor, 255: the input" in seen.message


@pytest.mark.parametrize("rule", [STATS_GAP, OUTPUT_GAP])
def test_permuted_channels_are_to_be_put_in_order_and_not_calibrated(rule: Rule) -> None:
    (seen,) = observations(rule, **PERMUTED)
    assert seen.remedy is not None
    assert "into the order of its channels; calibrating would leave weight and bias" in seen.remedy


def test_a_channel_in_another_place_is_named_with_it() -> None:
    (seen,) = observations(STATS_GAP, **PERMUTED)
    channel = int(seen.message.partition("in another order, channel ")[2].partition(" ")[0])
    assert f"channel {channel} that of {ORDER[channel]}:" in seen.message


def test_a_gap_of_another_kind_has_the_remedy_of_the_rule() -> None:
    (seen,) = observations(STATS_GAP, mean=LAYER.running_mean + 1.0)
    assert seen.remedy is None
    assert seen.message.endswith(tuple("0123456789"))


def test_channels_of_which_nothing_is_known_leave_the_cause_open() -> None:
    count = np.full(NUM_CHANNELS, 10_000.0)
    count[0] = np.nan
    ((_, cause),) = file_with(evidence(**SCALED, effective_count=count)).gaps
    assert cause is None


def test_layers_behind_one_with_a_cause_wait_for_it_and_are_told_after_it() -> None:
    before, behind = healthy("before"), healthy("behind")
    gap = evidence(mean=behind.running_mean + 2.0, biased_var=behind.running_var.astype(float))
    scaled = evidence(mean=255.0 * before.running_mean, biased_var=255.0**2 * before.running_var)
    file = checked_file(checkpoint(behind, before), evidence={"before": scaled, "behind": gap})
    found = [finding for finding in findings_of(file) if finding.code == "BN401"]
    assert [finding.layer for finding in found] == ["before", "behind"]
    assert found[1].remedy == "Mend before first, through which the data passes before."


def test_gaps_of_one_severity_come_in_the_order_in_which_the_data_passes() -> None:
    first, second = healthy("first"), healthy("second")
    one = evidence(mean=first.running_mean + np.eye(1, NUM_CHANNELS)[0], biased_var=first.running_var.astype(float))
    all_of_them = evidence(mean=second.running_mean + 1.0, biased_var=second.running_var.astype(float))
    file = checked_file(checkpoint(second, first), evidence={"first": one, "second": all_of_them})
    found = [finding for finding in findings_of(file) if finding.code == "BN401"]
    assert [finding.layer for finding in found] == ["first", "second"]


def of_two_layers(**changed: Any) -> CheckedFile:
    """Return a file of two layers, of which the second has a gap."""
    sound, off = healthy("sound"), healthy("off")
    one = evidence(mean=sound.running_mean.astype(float), biased_var=sound.running_var.astype(float), **changed)
    other = evidence(mean=off.running_mean + 2.0, biased_var=off.running_var.astype(float), **changed)
    return checked_file(checkpoint(sound, off), evidence={"sound": one, "off": other})


def test_batches_of_eval_mode_are_none_to_calibrate_several_layers_with() -> None:
    in_eval = [f for f in findings_of(of_two_layers(num_training=0)) if f.code in {"BN401", "BN404"}]
    assert {finding.layer for finding in in_eval} == {"off"}
    assert all(finding.remedy.startswith("Record again with batch normalization in train mode") for finding in in_eval)
    in_training = [f for f in findings_of(of_two_layers()) if f.code in {"BN401", "BN404"}]
    assert all(finding.remedy.startswith("Calibrate") for finding in in_training)


def test_batches_of_the_training_itself_are_none_to_calibrate_with() -> None:
    (seen,) = observations(STATS_GAP, mean=LAYER.running_mean + 1.0, is_of_training=True)
    assert seen.remedy is not None
    assert seen.remedy.startswith("Record once more with the weights as they are")


def test_a_single_layer_may_be_calibrated_with_batches_of_eval_mode() -> None:
    (seen,) = observations(STATS_GAP, mean=LAYER.running_mean + 1.0, num_training=0)
    assert seen.remedy is None

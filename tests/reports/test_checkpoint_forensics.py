from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from bncli.core.batch_norm_layer import Setting
from bncli.reports.checkpoint_forensics import checkpoint_inferences
from tests.helpers.layer_pairs import named

if TYPE_CHECKING:
    from bncli.core.batch_norm_layer import BatchNormLayer
    from bncli.reports.inference import Inference

FLOOR = np.array([1, 1, 4 * 2.0**-149, 1], np.float32)


def told(*layers: BatchNormLayer, names: tuple[str, ...] = ()) -> dict[str, Inference]:
    return {inference.question: inference for inference in checkpoint_inferences(layers, names)}


def test_an_ordinary_checkpoint_has_nothing_to_tell() -> None:
    assert told(named("a"), named("b")) == {}


def test_two_counters_are_a_parent_and_a_reservation() -> None:
    lineage = told(
        named("backbone.a", num_batches_tracked=190_840),
        named("backbone.b", num_batches_tracked=190_840),
        named("head.a", num_batches_tracked=100_750),
    )["lineage"]
    assert "had counted 90,090 updates, and the last one added 100,750" in lineage.statement
    assert lineage.evidence == "Counters: 190,840 in backbone (2 layers); 100,750 in head.a."
    assert "eval mode" in lineage.caveat
    assert lineage.numbers["parent_counters"] == [90_090]


def test_a_counter_that_is_a_multiple_may_be_a_repetition() -> None:
    lineage = told(named("a", num_batches_tracked=2000), named("b", num_batches_tracked=1000))["lineage"]
    assert "ran 2 times in each step" in lineage.caveat


def test_trained_statistics_without_updates_are_converted_or_averaged_and_not_untrained() -> None:
    provenance = told(named("a", num_batches_tracked=0), named("b", num_batches_tracked=0))["provenance"]
    assert provenance.statement == "Converted or averaged, not untrained."
    assert "all 2 layers" in provenance.evidence


@pytest.mark.parametrize(
    ("counter", "names", "fingerprint"),
    [(100.5, (), "float-counters"), (100, ("n_averaged",), "averaging-wrapper"), (1, (), "counters-too-small")],
)
def test_each_fingerprint_has_words(counter: float, names: tuple[str, ...], fingerprint: str) -> None:
    low = np.full(4, 0.01, np.float32)
    provenance = told(named("a", num_batches_tracked=counter, running_var=low), names=names)["provenance"]
    assert provenance.numbers == {"fingerprint": fingerprint, "num_layers": 1}
    assert provenance.statement
    assert "{who}" not in provenance.evidence
    assert provenance.caveat


def test_the_floor_tells_the_momentum_and_one_channel_tells_it_less_surely() -> None:
    alone = told(named("a", running_var=FLOOR))["momentum"]
    assert alone.statement == "The weight of the new batch was from 0.1 to 0.125."
    assert "still falling" in alone.caveat
    several = told(named("a", running_var=FLOOR), named("b", running_var=FLOOR))["momentum"]
    assert several.evidence.startswith("2 channels rest at a variance of 5.605e-45")
    assert "still falling" not in several.caveat
    assert "scheduled" in several.caveat


def test_the_age_of_dead_channels_is_a_lower_bound_that_names_its_momentum() -> None:
    death = told(named("a", running_var=np.array([1, 1e-20, 1, 1e-30])))["death"]
    assert death.statement == "2 channels dead for at least 437 to 655 updates."
    assert "momentum 0.1 assumed" in death.evidence
    assert [each["channel"] for each in death.numbers["dead_channels"]] == [1, 3]


def test_an_assumed_momentum_that_the_floor_rules_out_is_not_used() -> None:
    slow = np.array([1, 1, 50 * 2.0**-149, 1], np.float32)
    death = told(named("a", running_var=slow))["death"]
    assert "With momentum 0.01 no variance" in death.evidence
    given = told(named("a", running_var=slow, momentum=Setting(0.1, "given")))["death"]
    assert "momentum 0.1 given" in given.evidence

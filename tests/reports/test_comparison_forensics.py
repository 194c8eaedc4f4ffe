from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bncli.analysis.comparison import compare
from bncli.reports.comparison_forensics import comparison_inferences
from tests.helpers.builders import checkpoint
from tests.helpers.layer_pairs import leaked, named, trained

if TYPE_CHECKING:
    from bncli.core.batch_norm_layer import BatchNormLayer
    from bncli.reports.inference import Inference


def told(before: list[BatchNormLayer], after: list[BatchNormLayer]) -> dict[str, Inference]:
    inferences = comparison_inferences(checkpoint(*before), checkpoint(*after), compare(before, after))
    return {inference.question: inference for inference in inferences}


def test_ordinary_training_has_nothing_to_tell() -> None:
    assert told([named("a"), named("b")], [trained("a"), trained("b")]) == {}


def test_a_parent_is_recognized_by_the_sum_of_counters() -> None:
    before = [named("a", num_batches_tracked=700)]
    after = [leaked("a", num_batches_tracked=1000), named("head", num_batches_tracked=300)]
    lineage = told(before, after)["lineage"]
    assert "1,000 - 300 = 700" in lineage.evidence
    assert lineage.numbers == {"parent_counters": [700], "num_updates_since": 300}


def test_layers_that_counted_twice_are_told_with_what_the_momentum_becomes() -> None:
    before = [named("stem"), named("body.a"), named("body.b")]
    lineage = told(before, [trained("stem", 50), trained("body.a", 100), trained("body.b", 100)])["lineage"]
    assert lineage.statement == "body (2 layers) counted 2 updates for each one of the others."
    assert "0.19" in lineage.evidence


def test_an_averaged_file_is_told_only_where_something_differs() -> None:
    converted = [named("a", num_batches_tracked=0)]
    assert told(converted, converted) == {}
    provenance = told([named("a")], [leaked("a", num_batches_tracked=0)])["provenance"]
    assert provenance.numbers["fingerprint"] == "zero-counters"


def test_the_momentum_is_told_with_its_bounds() -> None:
    start = np.array([1e-3, 1e-4, 1, 1])
    fallen = np.append(start[:2] * 0.97**50, [1, 1])
    momentum = told([named("a", running_var=start)], [leaked("a", running_var=fallen)])["momentum"]
    assert momentum.statement.startswith("The weight of the new batch was 0.03 (")
    assert "2 channels" in momentum.evidence
    assert "scheduled" in momentum.caveat


def test_a_cumulative_average_is_named() -> None:
    start = np.array([1e-3, 1e-4, 1, 1])
    fallen = np.append(start[:2] * 100 / 150, [1, 1])
    momentum = told([named("a", running_var=start)], [leaked("a", running_var=fallen)])["momentum"]
    assert "cumulative" in momentum.statement


def test_channels_that_died_in_between_are_named() -> None:
    death = told([named("a")], [leaked("a", running_var=np.array([1, 0, 1, 1e-30]))])["death"]
    assert death.statement == "2 channels died between the files: a[1], a[3]."
    many = [leaked("a", running_var=np.zeros(4)), leaked("b", running_var=np.zeros(4))]
    assert told([named("a"), named("b")], many)["death"].statement.endswith("b[0], b[1] and 2 more.")

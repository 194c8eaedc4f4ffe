from __future__ import annotations

import numpy as np

from bncli.rules.catalogue import RULES
from bncli.rules.evaluation import _FROM_CAUSE_TO_CONSEQUENCE, evaluate
from bncli.rules.finding import MOST_CHANNELS_LISTED
from tests.helpers.rule_cases import file_of, findings_of, healthy


def test_findings_come_by_severity_then_from_causes_to_consequences_then_by_the_number_of_channels() -> None:
    file = file_of(
        healthy("a", running_var={0: 1e-20}),
        healthy("b", running_var={0: 1e-20, 1: 1e-20}),
        healthy("c", running_var={0: -1.0}),
        healthy("d", running_mean={0: np.nan}),
    )
    severe = [finding for finding in findings_of(file) if finding.severity != "info"]
    order = [(finding.code, finding.layer) for finding in severe]
    assert order[:4] == [("BN101", "d"), ("BN102", "c"), ("BN301", "b"), ("BN301", "a")]
    ranks = [("error", "warning", "info").index(finding.severity) for finding in findings_of(file)]
    assert ranks == sorted(ranks)


def test_what_spreads_is_told_from_its_cause_on_whatever_the_number_of_channels() -> None:
    wide = np.full(16, np.nan, np.float32)
    file = file_of(
        healthy("a", running_mean=wide, running_var=wide),
        healthy("b", running_mean={0: np.inf}, running_var={0: np.nan}),
    )
    assert [finding.layer for finding in findings_of(file) if finding.code == "BN101"] == ["b", "a"]


def test_a_wrong_encoding_comes_before_the_odd_channels_that_it_explains() -> None:
    at_eps = np.float32(1e-5)
    found = findings_of(file_of(healthy(running_var={2: at_eps, 5: at_eps}, running_mean={2: 0.0, 5: 0.0})))
    warnings = [finding.code for finding in found if finding.severity == "warning"]
    assert warnings == ["BN603", "BN306"]


def test_every_group_of_rules_has_its_place_in_that_order() -> None:
    assert {rule.code[2] for rule in RULES} == set(_FROM_CAUSE_TO_CONSEQUENCE)


def test_a_finding_takes_the_rule_the_file_and_the_layer_together() -> None:
    (finding,) = findings_of(file_of(healthy("module.bn", label="bn", running_var={3: -1.0})))
    assert (finding.code, finding.name, finding.severity) == ("BN102", "negative-var", "error")
    assert (finding.layer, finding.label, finding.num_features) == ("module.bn", "bn", 16)
    assert (finding.num_channels, finding.channels, finding.value, finding.threshold) == (1, (3,), -1.0, 0.0)
    assert str(finding.file) == "model.pt"


def test_the_list_of_channels_is_bounded_and_their_number_is_not() -> None:
    wide = np.full(2048, np.nan)
    layer = healthy(num_features=2048, running_mean=wide, running_var=wide, weight=None, bias=None)
    (finding,) = evaluate(file_of(layer), RULES)
    assert (finding.num_channels, len(finding.channels)) == (2048, MOST_CHANNELS_LISTED)


def test_a_case_may_have_a_remedy_of_its_own() -> None:
    general = findings_of(file_of(healthy(num_batches_tracked=0, momentum=None)))[0]
    special = findings_of(file_of(healthy(num_batches_tracked=0)))[0]
    assert general.code == special.code == "BN203"
    assert general.remedy != special.remedy


def test_nothing_is_changed_and_the_same_is_found_twice() -> None:
    layer = healthy(running_var={0: -1.0, 1: np.nan})
    before = layer.running_var.copy()
    file = file_of(layer)
    assert findings_of(file) == findings_of(file)
    np.testing.assert_array_equal(layer.running_var, before)


def test_a_layer_without_channels_is_no_trouble() -> None:
    empty = np.zeros(0, np.float32)
    layer = healthy(num_features=0, running_mean=empty, running_var=empty, weight=empty, bias=empty)
    assert findings_of(file_of(layer), "fp16", "int8") == ()

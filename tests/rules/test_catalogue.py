"""What holds for every rule of the catalogue, and for every verdict that it explains."""

from __future__ import annotations

import importlib
import pkgutil
import re
from typing import TYPE_CHECKING

import pytest

import bncli.rules
from bncli.analysis.verdicts import Verdict
from bncli.rules.base import order_of
from bncli.rules.catalogue import EXPLANATIONS, RULES, VERDICTS
from tests.helpers.rule_cases import findings_of

if TYPE_CHECKING:
    from bncli.rules.base import Explanation, Rule
    from tests.helpers.rule_cases import Twins

RULE_MODULES = sorted(
    module.name for module in pkgutil.iter_modules(bncli.rules.__path__) if re.match(r"bn\d{3}_", module.name)
)
every_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
every_explanation = pytest.mark.parametrize("rule", EXPLANATIONS, ids=lambda rule: rule.code)


def module_of(rule: Explanation) -> str:
    return f"{rule.code.lower()}_{rule.name.replace('-', '_')}"


def twins_of(rule: Rule) -> Twins:
    twins: Twins = importlib.import_module(f"tests.rules.test_{module_of(rule)}").TWINS
    return twins


def test_every_rule_file_is_in_the_catalogue_in_the_order_of_codes() -> None:
    assert [module_of(rule) for rule in EXPLANATIONS] == RULE_MODULES
    assert len({rule.name for rule in EXPLANATIONS}) == len(EXPLANATIONS)


def test_an_explained_verdict_has_the_name_that_diff_prints() -> None:
    assert {verdict.name for verdict in VERDICTS} <= set(Verdict)


@every_rule
def test_the_faulty_twin_triggers_exactly_its_rule(rule: Rule) -> None:
    twins = twins_of(rule)
    targets = () if rule.target is None else (rule.target,)
    assert {finding.code for finding in findings_of(twins.faulty, *targets)} == {rule.code} | twins.companions


@every_rule
def test_the_sound_twin_triggers_nothing(rule: Rule) -> None:
    assert findings_of(twins_of(rule).sound, "fp16", "int8") == ()


@every_rule
def test_no_finding_is_graver_than_its_rule_says(rule: Rule) -> None:
    targets = () if rule.target is None else (rule.target,)
    found = [each for each in findings_of(twins_of(rule).faulty, *targets) if each.code == rule.code]
    assert all(order_of(each.severity) >= order_of(rule.severity) for each in found)


@every_rule
def test_a_finding_carries_what_its_rule_measured(rule: Rule) -> None:
    targets = () if rule.target is None else (rule.target,)
    finding = next(each for each in findings_of(twins_of(rule).faulty, *targets) if each.code == rule.code)
    assert finding.name == rule.name
    assert finding.remedy
    assert finding.message[-1] not in ".;:"
    assert finding.num_channels >= len(finding.channels)


@every_explanation
def test_the_texts_of_a_rule_are_sentences(rule: Explanation) -> None:
    for text in (rule.summary, rule.remedy, *rule.rationale.split("\n\n")):
        assert text.endswith(".")
        assert "  " not in text
    assert rule.references
    for threshold in rule.thresholds:
        assert threshold.meaning
        assert threshold.provenance.endswith(".")


@every_explanation
def test_a_name_reads_well_in_a_configuration(rule: Explanation) -> None:
    assert re.fullmatch(r"BN\d{3}", rule.code)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.name)

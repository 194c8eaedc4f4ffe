from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator

import bncli.reports
from bncli.renderers.base import Surface
from bncli.renderers.csv_table import render as render_csv
from bncli.renderers.json_document import render as render_json
from bncli.renderers.terminal import render
from bncli.reports.rule_pages import rule_list, rule_page
from bncli.rules.catalogue import RULES

if TYPE_CHECKING:
    from bncli.rules.base import Rule

SCHEMA = json.loads((Path(bncli.reports.__path__[0]) / "schemas" / "rules.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_page_says_everything_about_its_rule(rule: Rule) -> None:
    text = render(rule_page(rule), Surface())
    for part in (rule.code, rule.name, rule.summary):
        assert part in text
    words = " ".join(text.split())
    for part in (
        rule.rationale,
        rule.remedy,
        *rule.references,
        *(threshold.provenance for threshold in rule.thresholds),
    ):
        assert " ".join(part.split()) in words
    for line in rule.snippet.splitlines():
        assert f"    {line}".rstrip() in text.splitlines()


def test_the_list_has_a_line_for_each_rule() -> None:
    lines = render_csv(rule_list(RULES), Surface()).splitlines()
    assert [line.partition(",")[0] for line in lines] == ["code", *(rule.code for rule in RULES)]


def test_records_are_valid_for_the_list_and_for_one() -> None:
    for document in (rule_list(RULES), rule_page(RULES[0])):
        record = json.loads(render_json(document, Surface()))
        Draft202012Validator(SCHEMA).validate(record)
    assert [rule["code"] for rule in record["rules"]] == [RULES[0].code]
    assert record["rules"][0]["snippet"] == RULES[0].snippet


def test_csv_of_a_page_is_its_line_of_the_list() -> None:
    header, line = render_csv(rule_page(RULES[0]), Surface()).splitlines()
    assert line.startswith("BN101,nonfinite,error,,")
    assert header.startswith("code,name,severity,target,")

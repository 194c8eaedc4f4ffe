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
from bncli.rules.catalogue import EXPLANATIONS, RULES, VERDICTS
from bncli.rules.selection import find_rule

if TYPE_CHECKING:
    from bncli.rules.base import Explanation

SCHEMA = json.loads((Path(bncli.reports.__path__[0]) / "schemas" / "rules.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("rule", EXPLANATIONS, ids=lambda rule: rule.code)
def test_a_page_says_everything_about_its_rule(rule: Explanation) -> None:
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
    lines = render_csv(rule_list(EXPLANATIONS), Surface()).splitlines()
    assert [line.partition(",")[0] for line in lines] == ["code", *(rule.code for rule in EXPLANATIONS)]


def test_records_are_valid_for_the_list_and_for_one() -> None:
    for document in (rule_list(EXPLANATIONS), rule_page(VERDICTS[0]), rule_page(RULES[0])):
        record = json.loads(render_json(document, Surface()))
        Draft202012Validator(SCHEMA).validate(record)
    assert [rule["code"] for rule in record["rules"]] == [RULES[0].code]
    assert record["rules"][0]["snippet"] == RULES[0].snippet


def test_csv_of_a_page_is_its_line_of_the_list() -> None:
    header, line = render_csv(rule_page(RULES[0]), Surface()).splitlines()
    assert line.startswith("BN101,nonfinite,error,,")
    assert header.startswith("code,name,severity,target,")


@pytest.mark.parametrize(
    ("code", "command", "when"),
    [
        ("BN301", "check", "always"),
        ("BN401", "check", "with --recording"),
        ("BN501", "check", "with --target fp16, or if selected by its code"),
        ("BN701", "diff", "in bncli diff, which compares two files"),
    ],
)
def test_a_page_says_which_command_speaks_of_it_and_when(code: str, command: str, when: str) -> None:
    page = rule_page(find_rule(EXPLANATIONS, code))
    assert f"in force  {when}" in render(page, Surface())
    assert json.loads(render_json(page, Surface()))["rules"][0]["command"] == command

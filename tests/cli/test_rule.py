from __future__ import annotations

import json

from tests.helpers.invoke import invoke
from tests.helpers.json_output import json_of


def test_a_rule_is_explained_by_its_code_or_its_name() -> None:
    by_code, by_name = invoke("rule", "BN301"), invoke("rule", "dead-input")
    assert by_code == by_name
    assert (by_code.exit_code, by_code.stderr) == (0, "")
    assert by_code.stdout.startswith("BN301 dead-input\nfinds ")


def test_a_verdict_of_diff_is_explained_by_its_code_or_its_name() -> None:
    by_code = invoke("rule", "BN701")
    assert by_code == invoke("rule", "leaky-freeze")
    assert by_code.stdout.startswith("BN701 leaky-freeze\nfinds ")


def test_without_a_code_all_rules_are_listed() -> None:
    listed = json_of("rule")["rules"]
    assert len(listed) == 38
    assert listed == sorted(listed, key=lambda rule: rule["code"])


def test_a_rule_that_does_not_exist_is_refused_with_the_nearest() -> None:
    completed = invoke("rule", "dead-imput")
    assert (completed.exit_code, completed.stdout) == (2, "")
    assert "there is no rule 'dead-imput'" in completed.stderr
    assert "did you mean dead-input?" in completed.stderr


def test_a_page_can_be_had_in_every_format_for_documents() -> None:
    for name in ("table", "json", "csv", "markdown", "html"):
        assert invoke("rule", "BN102", "--format", name).exit_code == 0
    assert json.loads(invoke("rule", "BN102", "-f", "json").stdout)["rules"][0]["code"] == "BN102"
    assert invoke("rule", "BN102", "-f", "sarif").exit_code == 2

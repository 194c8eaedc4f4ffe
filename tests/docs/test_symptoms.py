"""Tests that the way from a symptom to a command leads to commands, options and rules that there are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bncli.rules.catalogue import RULES
from tests.helpers.invoke import invoke

TEXT = (Path(__file__).parents[2] / "docs" / "symptoms.md").read_text(encoding="utf-8")
COMMANDS = sorted(set(re.findall(r"`(bncli [^`]+)`", TEXT)) - {"bncli rule CODE"})


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_has_the_options_that_it_is_shown_with(command: str) -> None:
    words = command.split()[1:]
    name = words[: 2 if words[0] == "inspect" else 1]
    options = [word for word in words if word.startswith("-")]
    answer = invoke(*name, "--help")
    assert answer.exit_code == 0
    assert [option for option in options if not re.search(rf"(^|[\s,/]){option}\b", answer.stdout)] == []


@pytest.mark.parametrize("code", sorted(set(re.findall(r"BN\d{3}", TEXT))))
def test_a_code_has_its_page(code: str) -> None:
    assert invoke("rule", code).exit_code == 0


def test_every_rule_that_can_be_an_error_answers_some_symptom() -> None:
    graves = {rule.code for rule in RULES if rule.severity == "error"}
    assert graves - set(re.findall(r"BN\d{3}", TEXT)) == {"BN103", "BN506"}

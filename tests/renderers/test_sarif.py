from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from jsonschema import Draft7Validator

from bncli.renderers.base import Surface
from bncli.renderers.sarif import render
from bncli.reports.findings import findings_document
from bncli.rules.catalogue import RULES
from bncli.rules.outcome import UnreadableFile
from tests.helpers.documents import HOSTILE_TEXTS
from tests.helpers.outcomes import broken, file_outcome, outcome
from tests.helpers.rule_cases import healthy

SCHEMA = json.loads((Path(__file__).parent / "sarif_2_1_0_subset.json").read_text(encoding="utf-8"))


def log_of(*files: object, **changed: Any) -> dict[str, Any]:
    """Return the rendered log, which must be valid."""
    log: dict[str, Any] = json.loads(render(findings_document(outcome(*files, **changed)), Surface()))
    Draft7Validator(SCHEMA).validate(log)
    return log


def test_the_subset_of_the_schema_refuses_what_it_does_not_know() -> None:
    log = log_of(file_outcome("model.pt", broken()))
    log["runs"][0]["results"][0]["level"] = "info"
    assert not Draft7Validator(SCHEMA).is_valid(log)


def test_each_finding_is_a_result_of_its_rule() -> None:
    (run,) = log_of(file_outcome("model.pt", broken("module.bn1")))["runs"]
    result = run["results"][0]
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "BN102"
    assert {each["level"] for each in run["results"]} == {"error", "warning", "note"}
    assert result["message"]["text"].startswith("module.bn1, 1 of 16 channels: running_var -1 ")
    (location,) = result["locations"]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == "model.pt"
    assert location["logicalLocations"] == [{"fullyQualifiedName": "module.bn1", "kind": "module"}]


def test_the_rules_in_force_are_listed_also_without_a_finding() -> None:
    (run,) = log_of(file_outcome("model.pt", healthy()))["runs"]
    assert run["results"] == []
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == [rule.code for rule in RULES]
    assert run["invocations"][0]["executionSuccessful"] is True


def test_a_file_that_was_not_read_is_a_notification() -> None:
    unreadable = (UnreadableFile(Path("gone.pt"), "gone.pt: no such file"),)
    (run,) = log_of(file_outcome("model.pt", healthy()), unreadable=unreadable)["runs"]
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["toolExecutionNotifications"][0]["message"]["text"] == "gone.pt: no such file"


@pytest.mark.parametrize("path", ["a b/c#d?.pt", "ä.pt", "/models/a b.pt", "100%.pt"])
def test_a_path_becomes_a_uri_that_leads_back_to_it(path: str) -> None:
    (run,) = log_of(file_outcome(path, broken()))["runs"]
    uri = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    parts = urlsplit(uri)
    assert parts.scheme == ("file" if path.startswith("/") else "")
    assert (parts.query, parts.fragment) == ("", "")
    assert unquote(parts.path) == path


def test_a_fingerprint_stays_when_only_numbers_change() -> None:
    before, after = (
        log_of(file_outcome("model.pt", healthy(running_var={0: var})))["runs"][0]["results"][0] for var in (-1.0, -2.0)
    )
    assert before["partialFingerprints"] == after["partialFingerprints"]
    assert before["message"] != after["message"]


def test_hostile_names_keep_the_log_valid() -> None:
    for text in HOSTILE_TEXTS:
        (run,) = log_of(file_outcome("model.pt", healthy(text, running_var={0: -1.0})))["runs"]
        assert all(part.isprintable() for part in (run["results"][0]["message"]["text"],))

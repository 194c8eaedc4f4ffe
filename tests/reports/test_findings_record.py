from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

import bncli.reports
from bncli.renderers.base import Surface
from bncli.renderers.json_document import render
from bncli.reports.findings import findings_document
from bncli.rules.catalogue import RULES
from bncli.rules.outcome import SettingInForce, UnreadableFile
from tests.helpers.outcomes import broken, file_outcome, outcome
from tests.helpers.rule_cases import healthy

SCHEMA = json.loads((Path(bncli.reports.__path__[0]) / "schemas" / "check.json").read_text(encoding="utf-8"))


def record_of(*files: object, **changed: Any) -> dict[str, Any]:
    """Return the JSON, which must be valid."""
    record: dict[str, Any] = json.loads(render(findings_document(outcome(*files, **changed)), Surface()))
    Draft202012Validator(SCHEMA).validate(record)
    return record


def test_a_finding_has_the_keys_that_programs_go_by() -> None:
    finding = record_of(file_outcome("m.pt", broken("module.bn1")))["findings"][0]
    assert {key: finding[key] for key in ("code", "name", "severity", "file", "layer", "num_channels", "channels")} == {
        "code": "BN102",
        "name": "negative-var",
        "severity": "error",
        "file": "m.pt",
        "layer": "module.bn1",
        "num_channels": 1,
        "channels": [0],
    }
    assert (finding["value"], finding["threshold"]) == (-1.0, 0.0)
    assert finding["message"]
    assert finding["remedy"]


def test_the_summary_counts_by_code() -> None:
    files = (file_outcome("a.pt", broken("x"), broken("y")), file_outcome("b.pt", broken("x")))
    summary = record_of(*files)["summary"]
    assert set(summary) == {"BN102", "BN203", "BN301", "BN306"}
    assert summary["BN301"] == {
        "name": "dead-input", "severity": "warning", "num_findings": 3, "num_layers": 3, "num_channels": 3
    }  # fmt: skip


def test_files_rules_and_settings_are_told() -> None:
    record = record_of(
        file_outcome("a.pt", broken(), healthy("b"), num_known=2),
        unreadable=(UnreadableFile(Path("x.pt"), "x.pt: no such file"),),
        settings=(SettingInForce("ignore", "BN302", "command line"),),
    )
    assert record["files"] == [
        {
            "path": "a.pt",
            "format": "torch-zip",
            "num_layers": 2,
            "num_channels": 32,
            "num_clean_layers": 1,
            "num_findings": 4,
            "num_known": 2,
            "num_left_out": 0,
        }
    ]
    assert record["unreadable"] == [{"path": "x.pt", "message": "x.pt: no such file"}]
    assert [rule["code"] for rule in record["rules"]] == [rule.code for rule in RULES]
    assert record["settings"] == [{"name": "ignore", "value": "BN302", "origin": "command line"}]


def test_a_value_that_is_not_finite_is_null() -> None:
    finding = record_of(file_outcome("a.pt", healthy(running_var={0: float("nan")})))["findings"][0]
    assert (finding["code"], finding["value"]) == ("BN101", None)

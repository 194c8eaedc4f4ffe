from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bncli.errors import InvalidUsage
from bncli.rules.baseline import NOTHING_ACCEPTED, baseline_from, baseline_of
from tests.helpers.rule_cases import file_of, findings_of, healthy

FINDINGS = findings_of(
    file_of(healthy("a", running_var={0: 1e-20, 1: 1e-20}, num_batches_tracked=0), healthy("b", running_var={0: -1.0}))
)
WARNING = next(finding for finding in FINDINGS if finding.code == "BN301")


def test_a_baseline_knows_the_findings_that_it_was_made_of_also_after_a_round_trip() -> None:
    again = baseline_from(json.loads(json.dumps(baseline_of(FINDINGS).record())), "baseline.json")
    assert len(FINDINGS) > 2
    assert all(again.knows(finding) for finding in FINDINGS)
    assert not any(NOTHING_ACCEPTED.knows(finding) for finding in FINDINGS)


@pytest.mark.parametrize(
    "changed",
    [{"severity": "error"}, {"num_channels": 3}, {"layer": "c"}, {"code": "BN302"}, {"file": Path("other.pt")}],
)
def test_what_became_worse_or_stands_elsewhere_is_new(changed: dict[str, Any]) -> None:
    assert not baseline_of([WARNING]).knows(replace(WARNING, **changed))


@pytest.mark.parametrize(
    "changed",
    [{"severity": "info"}, {"num_channels": 1}, {"message": "other words"}, {"file": Path("elsewhere/model.pt")}],
)
def test_what_became_better_or_moved_with_its_folder_is_known(changed: dict[str, Any]) -> None:
    assert baseline_of([WARNING]).knows(replace(WARNING, **changed))


def test_of_several_findings_of_one_key_the_worst_is_accepted() -> None:
    accepted = baseline_of([replace(WARNING, num_channels=9), replace(WARNING, severity="error")])
    assert accepted.knows(replace(WARNING, severity="error", num_channels=9))


@pytest.mark.parametrize(
    "record",
    [[], {}, {"schema": "bncli/check/1", "findings": []}, {"schema": "bncli/baseline/1"}, 7, None,
     {"schema": "bncli/baseline/1", "findings": [{"code": "BN301"}]},
     {"schema": "bncli/baseline/1",
      "findings": [{"file": "a", "code": "BN301", "layer": None, "severity": "fatal", "num_channels": 1}]}],
)  # fmt: skip
def test_another_record_is_refused_with_the_name_of_its_file(record: object) -> None:
    with pytest.raises(InvalidUsage, match="old.json: is not a baseline"):
        baseline_from(record, "old.json")

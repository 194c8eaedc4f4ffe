from __future__ import annotations

from pathlib import Path

import pytest

from bncli.cli.baseline_file import write_baseline
from bncli.cli.check_settings import GivenOptions, check_settings
from bncli.cli.project_settings import ProjectSettings
from bncli.errors import InvalidUsage
from bncli.rules.baseline import baseline_of
from bncli.rules.catalogue import RULES
from bncli.rules.outcome import SettingInForce
from tests.helpers.outcomes import broken, file_outcome

PROJECT = ProjectSettings(Path("pyproject.toml"), ignore=("BN302",), fail_on="warning", target=("int8",))
FINDINGS = file_outcome("m.pt", broken()).findings


def test_without_anything_all_rules_without_a_target_are_in_force_and_errors_fail() -> None:
    seen = check_settings(GivenOptions(), ProjectSettings())
    assert seen.rules == tuple(rule for rule in RULES if rule.target is None)
    assert (seen.fail_on, seen.told) == ("error", ())


def test_settings_of_the_project_are_told_with_their_file() -> None:
    seen = check_settings(GivenOptions(), PROJECT)
    assert {rule.code for rule in RULES} - {rule.code for rule in seen.rules} == {"BN302", "BN501"}
    assert seen.told == (
        SettingInForce("ignore", "BN302", "pyproject.toml"),
        SettingInForce("target", "int8", "pyproject.toml"),
        SettingInForce("fail-on", "warning", "pyproject.toml"),
    )


def test_options_win_over_the_project_one_by_one() -> None:
    seen = check_settings(GivenOptions(ignore=["BN1,BN2", " BN3"], fail_on="never"), PROJECT)
    assert {rule.code[:3] for rule in seen.rules} == {"BN4", "BN5", "BN6"}
    assert SettingInForce("ignore", "BN1, BN2, BN3", "command line") in seen.told
    assert SettingInForce("target", "int8", "pyproject.toml") in seen.told


@pytest.mark.parametrize(
    ("fail_on", "severities"),
    [("error", {"error"}), ("warning", {"error", "warning"}), ("info", {"error", "warning", "info"}), ("never", set())],
)
def test_a_run_fails_on_findings_as_grave_as_asked_for(fail_on: str, severities: set[str]) -> None:
    settings = check_settings(GivenOptions(fail_on=fail_on), ProjectSettings())
    failing = {finding.severity for finding in FINDINGS if settings.fails([finding])}
    assert failing == severities
    assert not settings.fails([])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (GivenOptions(fail_on="fatal"), "unknown fail-on 'fatal'"),
        (GivenOptions(target=["fp8"]), "unknown target 'fp8'"),
        (GivenOptions(select=["BN9"]), "no rule matches 'BN9'"),
        (GivenOptions(baseline=Path("no/such.json")), "no/such.json: no such file"),
    ],
)
def test_what_does_not_exist_is_refused(given: GivenOptions, message: str) -> None:
    with pytest.raises(InvalidUsage, match=message):
        check_settings(given, ProjectSettings())


def test_a_baseline_is_read_and_told(tmp_path: Path) -> None:
    path = tmp_path / "known.json"
    write_baseline(path, baseline_of(FINDINGS), force=False)
    seen = check_settings(GivenOptions(baseline=path), ProjectSettings())
    assert all(seen.baseline.knows(finding) for finding in FINDINGS)
    assert seen.told == (SettingInForce("baseline", str(path), "command line"),)
    assert check_settings(GivenOptions(), ProjectSettings(Path("p"), baseline=path)).told[0].origin == "p"

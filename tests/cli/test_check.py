from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from jsonschema import Draft202012Validator

from tests.helpers.invoke import ROOT, invoke
from tests.helpers.json_output import SCHEMAS, json_of

SAMPLE = ROOT / "samples" / "digits.pt"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder, below no pyproject.toml, outside of any CI."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    return tmp_path


@pytest.fixture
def faulty(elsewhere: Path) -> Path:
    """A file with an error in bn1 and a warning in bn2."""
    state = torch.load(SAMPLE, weights_only=True)
    state["bn1.running_var"][3] = -1
    state["bn2.running_var"][0] = 1e-30
    torch.save(state, elsewhere / "faulty.pt")
    return Path("faulty.pt")


def check(*arguments: object, exit_code: int = 0) -> dict[str, Any]:
    """Return the JSON of a check, which must be valid."""
    completed = invoke("check", *arguments, "--format", "json")
    assert (completed.exit_code, completed.stderr) == (exit_code, "")
    document: dict[str, Any] = json.loads(completed.stdout)
    Draft202012Validator(json.loads((SCHEMAS / "check.json").read_text())).validate(document)
    return document


def codes(document: dict[str, Any], severity: str | None = None) -> list[str]:
    return [each["code"] for each in document["findings"] if severity in (None, each["severity"])]


def test_a_healthy_file_gives_no_error_and_no_warning() -> None:
    document = json_of("check", SAMPLE)
    assert codes(document, "error") + codes(document, "warning") == []
    assert document["files"][0]["num_clean_layers"] == 4


def test_an_error_is_found_named_and_ends_with_1(faulty: Path) -> None:
    worst = check(faulty, exit_code=1)["findings"][0]
    assert (worst["code"], worst["layer"], worst["channels"]) == ("BN102", "bn1", [3])
    completed = invoke("check", faulty)
    assert (completed.exit_code, completed.stderr) == (1, "")
    assert "error     BN102  negative-var" in completed.stdout
    assert "next: bncli inspect checkpoint faulty.pt --layer bn1 --channels" in completed.stdout


@pytest.mark.parametrize(("fail_on", "exit_code"), [("error", 0), ("warning", 1), ("info", 1), ("never", 0)])
def test_what_a_run_fails_on_can_be_chosen(faulty: Path, fail_on: str, exit_code: int) -> None:
    check(faulty, "--ignore", "BN102", "--fail-on", fail_on, exit_code=exit_code)


def test_rules_are_selected_and_ignored(faulty: Path) -> None:
    assert codes(check(faulty, "--select", "BN1", exit_code=1)) == ["BN102"]
    assert codes(check(faulty, "--select", "dead-input")) == ["BN301"]
    assert "BN102" not in codes(check(faulty, "--ignore", "BN101,BN102"))


def test_a_target_adds_its_rules(faulty: Path) -> None:
    with_target = {rule["code"] for rule in check(SAMPLE, "--target", "fp16")["rules"]}
    assert with_target - {rule["code"] for rule in check(SAMPLE)["rules"]} == {"BN501"}


def test_only_the_layers_that_are_asked_for_are_told(faulty: Path) -> None:
    document = check(faulty, "--layer", "bn2")
    assert {finding["layer"] for finding in document["findings"]} == {"bn2"}
    assert document["files"][0]["num_layers"] == 1


def test_findings_are_arranged_and_the_exit_code_is_of_all_of_them(faulty: Path) -> None:
    assert codes(check(faulty, "--top", 1, exit_code=1)) == ["BN102"]
    assert codes(check(faulty, "--sort", "-code", "--top", 1, exit_code=1)) != ["BN102"]
    chosen = check(faulty, "--where", "running_var < 1e-20 and running_var > 0")
    assert {finding["layer"] for finding in chosen["findings"]} == {"bn2"}
    assert "stored name of the layer" in invoke("check", "gone.pt", "--columns", "help").stdout


def test_given_settings_are_checked_too() -> None:
    assert "BN601" in codes(check(SAMPLE, "--momentum", "0.9"))
    assert "BN602" in codes(check(SAMPLE, "--eps", "0.5"))
    assert "BN602" in codes(check(SAMPLE, "--eps", "0", exit_code=1), "error")


def test_of_several_files_the_readable_ones_are_checked_and_the_run_ends_with_3(faulty: Path) -> None:
    completed = invoke("check", "gone.pt", faulty, SAMPLE, "-f", "json")
    assert completed.exit_code == 3
    assert completed.stderr.startswith("bncli: error: gone.pt: no such file\n")
    document = json.loads(completed.stdout)
    assert [file["path"] for file in document["files"]] == ["faulty.pt", str(SAMPLE)]
    assert document["unreadable"] == [{"path": "gone.pt", "message": "gone.pt: no such file"}]


def test_an_unreadable_file_alone_writes_nothing_to_stdout() -> None:
    completed = invoke("check", "gone.pt")
    assert (completed.exit_code, completed.stdout) == (3, "")


def test_a_baseline_silences_what_it_knows_and_nothing_new(faulty: Path) -> None:
    assert invoke("check", faulty, "--write-baseline", "known.json").exit_code == 0
    document = check(faulty, "--baseline", "known.json")
    assert document["findings"] == []
    assert document["files"][0]["num_known"] > 1
    state = torch.load(faulty, weights_only=True)
    state["bn1.running_var"][4] = -1
    torch.save(state, faulty)
    assert codes(check(faulty, "--baseline", "known.json", exit_code=1), "error") == ["BN102"]


def test_a_baseline_that_exists_is_not_overwritten(faulty: Path) -> None:
    Path("known.json").write_text("mine", encoding="utf-8")
    completed = invoke("check", faulty, "--write-baseline", "known.json")
    assert (completed.exit_code, completed.stdout) == (4, "")
    assert Path("known.json").read_text(encoding="utf-8") == "mine"
    assert invoke("check", faulty, "--write-baseline", "known.json", "--force").exit_code == 0


def test_settings_of_the_project_are_in_force_and_shown_with_their_origin(faulty: Path) -> None:
    Path("pyproject.toml").write_text('[tool.bncli]\nignore = ["BN102"]\nfail-on = "warning"\n', encoding="utf-8")
    completed = invoke("check", faulty)
    assert completed.exit_code == 1
    assert "BN102 (" in completed.stdout
    assert "pyproject.toml)" in completed.stdout
    assert codes(check(faulty, "--ignore", "BN3", exit_code=1), "error") == ["BN102"]


def test_a_setting_that_does_not_exist_is_a_usage_error() -> None:
    Path("pyproject.toml").write_text('[tool.bncli]\nignored = ["BN102"]\n', encoding="utf-8")
    completed = invoke("check", SAMPLE)
    assert (completed.exit_code, completed.stdout) == (2, "")
    assert "did you mean ignore?" in completed.stderr


@pytest.mark.parametrize("name", ["table", "json", "csv", "markdown", "html", "github", "sarif"])
def test_every_format_tells_the_error(name: str, faulty: Path) -> None:
    completed = invoke("check", faulty, "--format", name)
    assert (completed.exit_code, completed.stderr) == (1, "")
    assert "BN102" in completed.stdout


def test_annotations_go_with_a_summary_of_the_step(faulty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    invoke("check", faulty, "-f", "table")
    assert not Path("summary.md").exists()
    completed = invoke("check", faulty, "-f", "github")
    assert completed.stdout.startswith("::error file=faulty.pt,title=BN102 negative-var::bn1, 1 of 8 channels: ")
    assert "| error | BN102 | negative-var | bn1 |" in Path("summary.md").read_text(encoding="utf-8")


def test_sarif_is_chosen_by_its_suffix(faulty: Path) -> None:
    assert invoke("check", faulty, "-o", "out.sarif").exit_code == 1
    assert json.loads(Path("out.sarif").read_text(encoding="utf-8"))["version"] == "2.1.0"


def test_the_same_is_written_twice(faulty: Path) -> None:
    assert invoke("check", faulty, SAMPLE) == invoke("check", faulty, SAMPLE)


def test_rules_about_data_are_in_force_with_a_recording_alone() -> None:
    digits, run = ROOT / "samples" / "digits.pt", ROOT / "samples" / "digits_run.safetensors"
    without = json_of("check", digits, "--fail-on", "never")
    with_recording = json_of("check", digits, "--recording", run, "--fail-on", "never")
    added = {rule["code"] for rule in with_recording["rules"]} - {rule["code"] for rule in without["rules"]}
    assert added == {"BN401", "BN402", "BN403", "BN404", "BN405"}
    assert with_recording["findings"] == without["findings"]


def test_a_rule_about_data_asks_for_a_recording() -> None:
    answer = invoke("check", ROOT / "samples" / "digits.pt", "--select", "BN403")
    assert (answer.exit_code, "looks at batches of data, and no --recording is given" in answer.stderr) == (2, True)

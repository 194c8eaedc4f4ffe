from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bncli.core.named_arrays import Skipped
from bncli.errors import InvalidUsage
from bncli.renderers.base import Surface
from bncli.renderers.csv_table import render as render_csv
from bncli.renderers.terminal import render
from bncli.reports.arrangement import Arrangement
from bncli.reports.document import Note, Table
from bncli.reports.findings import findings_document
from bncli.rules.outcome import FileOutcome, SettingInForce, UnreadableFile
from tests.helpers.evidence import evidence, file_with
from tests.helpers.outcomes import broken, file_outcome, outcome
from tests.helpers.rule_cases import findings_of, healthy


def tables(document: object) -> list[Table]:
    return [block for block in document.blocks if isinstance(block, Table)]


def notes(document: object) -> list[str]:
    return [block.text for block in document.blocks if isinstance(block, Note)]


def test_errors_and_warnings_have_rows_and_infos_are_counted() -> None:
    document = findings_document(outcome(file_outcome("m.pt", broken(), healthy("bn2"))))
    findings, summary = tables(document)
    assert [row[0].value for row in findings.rows] == ["error", "warning", "warning"]
    assert [row[0].value for row in summary.rows] == ["error", "warning", "warning", "info"]
    assert [row[1] for row in summary.rows] == ["BN102", "BN301", "BN306", "BN203"]


def test_all_findings_have_rows_where_all_are_asked_for() -> None:
    findings, _ = tables(findings_document(outcome(file_outcome("m.pt", broken())), lists_all=True))
    assert [row[0].value for row in findings.rows] == ["error", "warning", "warning", "info"]


def test_of_many_layers_with_one_fault_a_few_are_shown_and_the_rest_is_counted() -> None:
    layers = [healthy(f"bn{index}", running_var={0: -1.0}) for index in range(9)]
    findings, summary = tables(findings_document(outcome(file_outcome("m.pt", *layers))))
    assert len(findings.rows) == 5
    assert findings.footer == "4 more findings of the same rules; --select CODE lists them all"
    assert summary.rows[0][1:5] == ("BN102", "negative-var", 9, 9)


def test_the_file_has_a_column_where_there_are_several() -> None:
    one = findings_document(outcome(file_outcome("a.pt", broken())))
    two = findings_document(outcome(file_outcome("a.pt", broken()), file_outcome("b.pt", broken())))
    assert "file" not in {column.key for column in tables(one)[0].columns}
    assert [row[3] for row in tables(two)[0].rows][:2] == ["a.pt", "b.pt"]


def test_the_message_stands_below_its_row() -> None:
    lines = render(findings_document(outcome(file_outcome("m.pt", broken()))), Surface(width=80)).splitlines()
    index = next(index for index, line in enumerate(lines) if line.startswith("error     BN102"))
    assert lines[index].endswith("1 of 16: 0")
    assert lines[index + 1].startswith("    running_var -1 with eps 1e-05")


def test_a_message_that_several_layers_share_stands_once_below_the_last_of_them() -> None:
    layers = [healthy(f"bn{index}", running_var={0: -1.0}) for index in range(3)]
    layers.append(healthy("bn3", running_var={0: -2.0}))
    document = findings_document(outcome(file_outcome("m.pt", *layers)))
    told = [line for line in render(document, Surface(width=80)).splitlines() if line.startswith("    running_var ")]
    assert len(told) == 2
    findings, _ = tables(document)
    assert all(row[-1] for row in findings.rows)


def test_the_summary_says_what_to_do_about_errors_and_warnings() -> None:
    seen = outcome(file_outcome("m.pt", broken()))
    _, summary = tables(findings_document(seen))
    remedies = {finding.code: f"fix: {finding.remedy}" for finding in seen.findings if finding.severity != "info"}
    assert {row[1]: row[5] for row in summary.rows if row[5]} == remedies
    assert "BN203" not in remedies


def test_clean_layers_are_counted_and_known_findings_too() -> None:
    text = render(findings_document(outcome(file_outcome("m.pt", broken(), healthy("b"), num_known=3))), Surface())
    assert "checked  2 layers, 32 channels" in text
    assert "clean    1 layer without an error or a warning" in text
    assert "known    3 findings of the baseline not shown" in text


def test_a_file_without_findings_says_so() -> None:
    assert notes(findings_document(outcome(file_outcome("m.pt", healthy())))) == ["no findings"]


def test_it_ends_with_commands_that_can_be_copied() -> None:
    document = findings_document(outcome(file_outcome("my model.pt", broken("module.bn*"))))
    assert notes(document) == [
        "next: bncli inspect checkpoint 'my model.pt' --layer 'module.bn*' --channels",
        "next: bncli rule BN102 explains it and shows the remedy",
        "next: --select BN203 lists what is only counted here",
    ]


@pytest.mark.parametrize("name", ["bn\n1", "bn\\1", "bn\u202e1"])
def test_a_name_that_is_shown_with_escapes_is_in_no_command_to_copy(name: str) -> None:
    assert notes(findings_document(outcome(file_outcome("m.pt", broken(name)))))[0].startswith("next: bncli rule")


def test_a_recording_is_offered_to_calibrate_where_that_mends_what_was_found() -> None:
    gap = findings_of(file_with(evidence(mean={3: 1e3})))
    stale = tuple(replace(f, file=Path("m.pt")) for f in gap)
    found = FileOutcome(Path("m.pt"), "torch-zip", ("bn1",), 16, stale, is_calibratable=True)
    document = findings_document(outcome(found, recording=Path("my run.safetensors")))
    assert "next: bncli calibrate m.pt 'my run.safetensors' -o NEW" in notes(document)
    refused = outcome(replace(found, is_calibratable=False), recording=Path("my run.safetensors"))
    assert not any("calibrate" in note for note in notes(findings_document(refused)))
    broken_file = outcome(file_outcome("m.pt", broken()), recording=Path("run.safetensors"))
    assert not any("calibrate" in note for note in notes(findings_document(broken_file)))


def test_a_recording_of_an_input_in_another_scale_is_not_offered_to_calibrate_with() -> None:
    layer = healthy()
    scaled = evidence(mean=255.0 * layer.running_mean, biased_var=255.0**2 * layer.running_var)
    found = tuple(replace(f, file=Path("m.pt")) for f in findings_of(file_with(scaled)))
    file = FileOutcome(Path("m.pt"), "torch-zip", ("bn",), 16, found, is_calibratable=True)
    document = findings_document(outcome(file, recording=Path("run.safetensors")))
    assert {finding.code for finding in found} >= {"BN401", "BN404"}
    assert not any("calibrate" in note for note in notes(document))


def test_a_recording_of_the_training_itself_is_said_to_be_one() -> None:
    file = file_outcome("m.pt", healthy())
    told = notes(findings_document(outcome(replace(file, is_of_training=True))))
    assert told[0].startswith("the recording is of the training that led to the checkpoint")
    assert notes(findings_document(outcome(file))) == ["no findings"]


def test_no_command_is_recommended_that_finds_no_layer() -> None:
    skipped = Skipped("bn1", "running_var has shape [4], running_mean [3]", "shape-mismatch")
    assert notes(findings_document(outcome(file_outcome("m.pt", healthy(), skipped=(skipped,))))) == [
        "next: bncli rule BN103 explains it and shows the remedy"
    ]


def test_settings_are_shown_with_their_origin_and_unread_files_are_told() -> None:
    seen = outcome(
        file_outcome("m.pt", healthy()),
        unreadable=(UnreadableFile(Path("x.pt"), "x.pt: no such file"),),
        settings=(SettingInForce("ignore", "BN302", "/p/pyproject.toml"),),
    )
    text = render(findings_document(seen), Surface())
    assert "ignore   BN302 (/p/pyproject.toml)" in text
    assert "warning: not checked: x.pt: no such file" in text


def test_csv_holds_every_finding() -> None:
    lines = render_csv(findings_document(outcome(file_outcome("m.pt", broken()))), Surface()).splitlines()
    assert len(lines) == 5
    assert lines[0].startswith(
        "severity,code,name,file,layer,num_features,num_channels,channels,value,threshold,message"
    )
    assert lines[1].startswith("error,BN102,negative-var,m.pt,bn1,16,1,0,-1.0,0.0,")


def test_the_worst_of_all_findings_are_listed_on_demand_and_the_summary_is_of_all() -> None:
    seen = outcome(file_outcome("m.pt", broken(), healthy("bn2")))
    document = findings_document(seen, Arrangement(top=2))
    findings, summary = tables(document)
    assert [row[1] for row in findings.rows] == ["BN102", "BN301"]
    assert findings.footer.startswith("2 of ")
    assert [each["code"] for each in document.record["findings"]] == ["BN102", "BN301"]
    assert len(summary.rows) == len(document.record["summary"]) == 4
    assert len(render_csv(document, Surface()).splitlines()) == 3


def test_severities_sort_by_their_gravity_and_columns_are_chosen() -> None:
    seen = outcome(file_outcome("m.pt", broken()))
    severities = tables(findings_document(seen, Arrangement(sort="-severity", columns=("severity", "code"))))[0]
    assert [column.key for column in severities.columns] == ["severity", "code"]
    assert [row[0].value for row in severities.rows] == ["info", "warning", "warning", "error"]
    assert render_csv(findings_document(seen, Arrangement(columns=("code",))), Surface()).splitlines()[0] == "code"
    with pytest.raises(InvalidUsage, match="unknown column 'sevrity'"):
        findings_document(seen, Arrangement(sort="sevrity"))

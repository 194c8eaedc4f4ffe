from __future__ import annotations

from pathlib import Path

import pytest

from bncli.analysis.layer_settings import GivenSettings
from bncli.cli.check_run import accepting, check_files
from bncli.cli.check_settings import GivenOptions, check_settings
from bncli.cli.project_settings import ProjectSettings
from bncli.errors import InputNotFound
from bncli.rules.baseline import baseline_of
from tests.helpers.invoke import ROOT
from tests.helpers.outcomes import broken, file_outcome, outcome

SETTINGS = check_settings(GivenOptions(), ProjectSettings())
SAMPLE = ROOT / "samples" / "digits.pt"
GONE = Path("gone.pt")


def test_a_file_that_cannot_be_read_is_told_on_stderr_and_the_others_are_checked(
    capsys: pytest.CaptureFixture[str],
) -> None:
    seen = check_files([GONE, SAMPLE, GONE], SETTINGS, GivenSettings())
    assert [file.path for file in seen.files] == [SAMPLE]
    assert [file.path for file in seen.unreadable] == [GONE, GONE]
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("bncli: error: gone.pt: no such file") == 2


def test_where_no_file_can_be_read_the_last_error_is_raised() -> None:
    with pytest.raises(InputNotFound, match="gone.pt"):
        check_files([GONE, GONE], SETTINGS, GivenSettings())


def test_what_the_baseline_knows_is_counted_and_left_out() -> None:
    found = outcome(file_outcome("m.pt", broken()))
    errors = [finding for finding in found.findings if finding.severity == "error"]
    (file,) = accepting(found, baseline_of(errors)).files
    assert file.num_known == len(errors) == 1
    assert {finding.severity for finding in file.findings} == {"warning", "info"}

from __future__ import annotations

from dataclasses import replace

from bncli.reports.averaged_files import averaged_note
from tests.helpers.outcomes import file_outcome
from tests.helpers.rule_cases import healthy

PLAIN = file_outcome("plain.pt", healthy())
AVERAGED = replace(file_outcome("swa.pt", healthy()), is_averaged=True)


def test_an_average_is_told_with_what_may_be_missing() -> None:
    (note,) = averaged_note((AVERAGED,))
    assert note.text.startswith("Averaged weights of torch's AveragedModel. Unless update_bn ran afterwards")


def test_among_several_files_the_averages_are_named() -> None:
    (note,) = averaged_note((PLAIN, AVERAGED))
    assert note.text.startswith("swa.pt: Averaged weights")


def test_other_files_have_no_note() -> None:
    assert list(averaged_note((PLAIN, PLAIN))) == []

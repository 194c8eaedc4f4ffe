from __future__ import annotations

from dataclasses import replace

from bncli.reports.finding_fields import ALL_FIELDS, channels_text
from tests.helpers.outcomes import broken, file_outcome

FINDING = file_outcome("m.pt", broken()).findings[0]


def test_channels_are_counted_and_the_worst_are_named() -> None:
    wide = replace(FINDING, num_features=2048, num_channels=100, channels=tuple(range(50)))
    assert channels_text(wide) == "100 of 2,048: 0, 1, 2 and 97 more"
    assert channels_text(FINDING) == "1 of 16: 0"


def test_a_whole_layer_is_told_in_a_word() -> None:
    assert channels_text(replace(FINDING, num_channels=16)) == "all 16"
    assert channels_text(replace(FINDING, num_channels=0)) == ""


def test_every_field_of_a_finding_has_a_column() -> None:
    values = {field.column.key: field.value(FINDING) for field in ALL_FIELDS}
    assert values["layer"] == "bn1"
    assert values["channels"] == "0"
    assert values["severity"].tone == "bad"
    assert values["remedy"] == FINDING.remedy

from __future__ import annotations

from bncli.reports.document import Cell
from bncli.reports.findings import findings_document
from bncli.reports.findings_summary import summary_table
from bncli.rules.catalogue import RULES
from tests.helpers.outcomes import broken, file_outcome, outcome
from tests.helpers.rule_cases import healthy


def titles_and_rows(*layers: object) -> tuple[list[str], list[list[object]]]:
    table = summary_table(RULES, file_outcome("m.pt", *layers).findings)  # type: ignore[arg-type]
    rows = [[cell.value if isinstance(cell, Cell) else cell for cell in row] for row in table.rows]
    return [column.title for column in table.columns], rows


def switched_off(name: str, num_channels: int) -> object:
    """Return a layer in which so many channels pass no ReLU: a warning (BN304) for more than 4 of the 16."""
    return healthy(name, bias=dict.fromkeys(range(num_channels), -9.0))


def test_findings_and_channels_are_those_of_the_severity_beside_them_and_others_have_a_column() -> None:
    titles, rows = titles_and_rows(switched_off("a", 5), switched_off("b", 6), switched_off("c", 2))
    assert titles == ["severity", "code", "name", "findings", "channels", "lesser", "fix"]
    assert rows[0][:6] == ["warning", "BN304", "relu-dead", 2, 11, 1]


def test_without_findings_of_lesser_severity_there_is_no_such_column() -> None:
    titles, rows = titles_and_rows(switched_off("a", 5))
    assert titles == ["severity", "code", "name", "findings", "channels", "fix"]
    assert rows[0][:5] == ["warning", "BN304", "relu-dead", 1, 5]


def test_the_gravest_rules_come_first_and_infos_need_no_fix() -> None:
    _, rows = titles_and_rows(broken())
    assert [row[0] for row in rows] == ["error", "warning", "warning", "info"]
    assert [row[-1] is None for row in rows] == [False, False, False, True]


def test_what_is_counted_as_lesser_is_led_to() -> None:
    layers = (switched_off("a", 5), switched_off("c", 2))
    found = findings_document(outcome(file_outcome("m.pt", *layers)))  # type: ignore[arg-type]
    assert any("--select BN304 lists what is only counted here" in str(block) for block in found.blocks)

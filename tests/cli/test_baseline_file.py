from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bncli.cli.baseline_file import read_baseline, write_baseline
from bncli.errors import InvalidUsage, OutputExists
from bncli.rules.baseline import baseline_of
from tests.helpers.outcomes import broken, file_outcome

if TYPE_CHECKING:
    from pathlib import Path

BASELINE = baseline_of(file_outcome("m.pt", broken()).findings)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    write_baseline(tmp_path / "b.json", BASELINE, force=False)
    assert read_baseline(tmp_path / "b.json") == BASELINE


def test_a_file_that_exists_is_replaced_only_by_force(tmp_path: Path) -> None:
    write_baseline(tmp_path / "b.json", BASELINE, force=False)
    with pytest.raises(OutputExists):
        write_baseline(tmp_path / "b.json", BASELINE, force=False)
    write_baseline(tmp_path / "b.json", BASELINE, force=True)


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"[]",
        b"null",
        b"[" * 100_000,
        b'{"schema": ' * 100_000,
        b'{"schema": "bncli/baseline/1", "findings": [{"file": "f", "code": "c", "layer": "l", "severity": "info", '
        b'"num_channels": 1e999}]}',
    ],
)
def test_what_is_no_baseline_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "b.json").write_bytes(content)
    with pytest.raises(InvalidUsage, match="b.json: is not a baseline"):
        read_baseline(tmp_path / "b.json")


def test_a_baseline_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidUsage, match="no such file"):
        read_baseline(tmp_path / "b.json")

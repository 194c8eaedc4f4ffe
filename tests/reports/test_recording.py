from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bncli.reports.document import Note, Table
from bncli.reports.recording import recording_document
from tests.core.test_recorded_layer import recorded, rows_of

if TYPE_CHECKING:
    from bncli.reports.document import Document

RNG = np.random.default_rng(0)
RAGGED = [RNG.normal(size=(count, 2, 5)) for count in (8, 3)]


def document(*batches: list[np.ndarray]) -> Document:  # type: ignore[type-arg]
    layers = (recorded(rows_of(each)) for each in batches)
    return recording_document(Path("run"), 2, {"model": "net:make"}, layers)


def notes(of: Document) -> list[str]:
    return [block.text for block in of.blocks if isinstance(block, Note)]


def test_a_row_tells_what_passed_through_a_layer() -> None:
    table = document(RAGGED).blocks[1]
    assert isinstance(table, Table)
    assert table.rows[0][:6] == ("bn", 2, 2, 11, 15, 40)


def test_batches_that_are_not_finite_are_counted_and_named() -> None:
    broken = [RAGGED[0], RAGGED[1].copy()]
    broken[1][0, 0, 0] = np.nan
    report = document(RAGGED, broken)
    assert [layer["num_nonfinite"] for layer in report.record["layers"]] == [0, 1]
    assert [note.split(" first")[0] for note in notes(report)] == ["NaN or infinity"]


def test_it_goes_on_with_a_command_that_a_shell_takes() -> None:
    (note,) = notes(recording_document(Path("my run"), 2, {}, [recorded(rows_of(RAGGED))]))
    assert note.startswith("next: bncli calibrate CHECKPOINT 'my run' -o NEW ")


def test_a_recording_of_nothing_says_so() -> None:
    assert notes(document()) == ["no batch reached a batch-normalization layer"]

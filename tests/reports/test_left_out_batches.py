from __future__ import annotations

from bncli.reports.left_out_batches import left_out_note


def test_batches_that_are_left_out_are_told_and_without_them_there_is_nothing_to_tell() -> None:
    (note,) = left_out_note(1234)
    assert note.text.endswith("those of eval mode, up to 1,234 a layer, are left out")
    assert list(left_out_note(0)) == []

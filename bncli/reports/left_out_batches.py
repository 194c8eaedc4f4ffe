"""Says that batches of eval mode were left out: `check` and `calibrate` look at a recording in the same way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.reports.document import Note

if TYPE_CHECKING:
    from collections.abc import Iterator


def left_out_note(num_left_out: int) -> Iterator[Note]:
    """Yield a note where there are such batches: `num_left_out` of the layer that has most."""
    if num_left_out:
        yield Note(
            f"only recorded batches of train mode count: those of eval mode, up to {num_left_out:,} a layer, are left "
            "out",
            "notice",
        )

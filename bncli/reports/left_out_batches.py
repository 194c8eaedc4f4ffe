"""Says which batches of a recording were left out: those of eval mode, and those of weights that have moved since."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.reports.document import Note

if TYPE_CHECKING:
    from collections.abc import Iterator


def training_note(is_of_training: bool) -> Iterator[Note]:
    """Yield a note where a recording is of the training that led to a checkpoint that was checked against it."""
    if is_of_training:
        yield Note(
            "the recording is of the training that led to the checkpoint: of its batches the last quarter counts, for "
            "weights move",
            "notice",
        )


def left_out_note(num_left_out: int) -> Iterator[Note]:
    """Yield a note where there are such batches: `num_left_out` of the layer that has most."""
    if num_left_out:
        yield Note(
            f"only recorded batches of train mode count: those of eval mode, up to {num_left_out:,} a layer, are left "
            "out",
            "notice",
        )

"""What it means that torch's AveragedModel wrote a file: `check` and `inspect checkpoint` say it in the same words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.reports.document import Note

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bncli.rules.outcome import FileOutcome

STATEMENT = "Averaged weights of torch's AveragedModel."
EVIDENCE = "The file holds its counter n_averaged."
CAVEAT = (
    "Unless update_bn ran afterwards, or the buffers were averaged too, the statistics are those of the last model and "
    "not of the averaged weights."
)


def averaged_note(files: tuple[FileOutcome, ...]) -> Iterator[Note]:
    """Yield a note where some of the files that were checked are averages: no single file tells whether they fit."""
    averaged = [file for file in files if file.is_averaged]
    if averaged:
        which = "" if len(files) == 1 else f"{', '.join(str(file.path) for file in averaged)}: "
        yield Note(f"{which}{STATEMENT} {CAVEAT}")

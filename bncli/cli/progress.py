"""Progress on stderr, with rate and time left: only on a terminal, and only for work that takes a while."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType

    from rich.progress import Progress

_PATIENCE_SECONDS = 0.5


class ByteProgress:
    """Shows how many bytes of a known number are done. A context manager: leaving it clears the line.

    Args:
        title: what is being done.
        total: bytes in all.
    """

    def __init__(self, title: str, total: int) -> None:
        self._title = title
        self._total = total
        self._done = 0
        self._is_shown = sys.stderr.isatty()
        self._start = time.monotonic()
        self._display: Progress | None = None

    def advance(self, num_bytes: int) -> None:
        """Count bytes as done; the first call after half a second brings up the display."""
        self._done += num_bytes
        if not self._is_shown:
            return
        if self._display is None and time.monotonic() - self._start > _PATIENCE_SECONDS:
            self._display = _display()
            self._display.start()
            self._display.add_task(self._title, total=self._total)
        if self._display is not None:
            self._display.update(self._display.task_ids[0], completed=self._done)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._display is not None:
            self._display.stop()


def _display() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=Console(stderr=True), transient=True)

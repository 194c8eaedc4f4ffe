"""Progress on stderr, with rate and time left: only on a terminal, and only for work that takes a while."""

from __future__ import annotations

import sys
import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType

    from rich.progress import Progress, ProgressColumn

_PATIENCE_SECONDS = 0.5
_SECONDS_BETWEEN_LOOKS = 0.1


class WorkProgress(ABC):
    """Shows how much of some work is done. A context manager: leaving it clears the line.

    Args:
        title: what is being done.
        total: units of work in all; `None` where that is not known.
        is_shown: whether it may be shown at all.
    """

    def __init__(self, title: str, total: int | None, *, is_shown: bool = True) -> None:
        self._title = title
        self._total = total
        self._done = 0
        self._is_shown = is_shown and sys.stderr.isatty()
        self._next_look = time.monotonic() + _PATIENCE_SECONDS
        self._display: Progress | None = None

    def advance(self, amount: int) -> None:
        """Count work as done; the first call after half a second brings up the display."""
        self._done += amount
        if not self._is_shown or time.monotonic() < self._next_look:
            return
        if self._display is None:
            self._display = _display(self._speed_column())
            self._display.start()
            self._display.add_task(self._title, total=self._total)
        self._display.update(self._display.task_ids[0], completed=self._done, refresh=True)
        self._next_look = time.monotonic() + _SECONDS_BETWEEN_LOOKS

    @abstractmethod
    def _speed_column(self) -> ProgressColumn:
        """Return the column that tells the rate, in the unit of the work."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._display is not None:
            self._display.stop()


class ByteProgress(WorkProgress):
    """Shows how many bytes of a known number are done."""

    def _speed_column(self) -> ProgressColumn:
        from rich.progress import TransferSpeedColumn

        return TransferSpeedColumn()


class StepProgress(WorkProgress):
    """Shows how many batches are done."""

    def _speed_column(self) -> ProgressColumn:
        from rich.progress import Task, TextColumn
        from rich.text import Text

        class BatchRate(TextColumn):
            def render(self, task: Task) -> Text:
                return Text("" if task.speed is None else f"{task.speed:.3g} batches/s")

        return BatchRate("")


def _display(speed: ProgressColumn) -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        speed,
        TimeRemainingColumn(),
    )
    # Refreshed by hand, not by a thread: a process with threads cannot share its work with copies of itself.
    return Progress(*columns, console=Console(stderr=True), transient=True, auto_refresh=False)

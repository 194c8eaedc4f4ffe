"""Writes the rows of all ranks into one spool, in the order of the batches: the same bytes for any number of ranks."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from bncli.recording.spool_file import told_as_output

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from bncli.core.running_statistics import RunningStatistics
    from bncli.recording.rank_message import RankMessage
    from bncli.recording.spool import SpooledLayer, SpoolWriter


class SharedSpool:
    """The spool of the first rank.

    Batch k of the loader is batch k // size of rank k % size. A row's bits depend on its batch alone, so putting the
    rows in the order of the batches is all that a merge takes.

    Args:
        spool: where everything goes.
        path: its file, for messages.
        running: the running statistics of the layers, which are the same at the start and at the end, for the recording
            leaves the model as it was; `None` where a layer tracks none.
    """

    def __init__(self, spool: SpoolWriter, path: Path, running: Mapping[str, RunningStatistics | None]) -> None:
        self._spool = spool
        self._path = path
        self._running = running
        self._names_by_rank: dict[int, list[SpooledLayer]] = {}
        self._indices: dict[str, int] = {}
        self._recomputed: dict[int, Mapping[str, int]] = {}
        self._num_steps = 0

    def write(self, messages: Sequence[RankMessage]) -> None:
        """Write one message of every rank, in the order of the ranks, and flush."""
        size = len(messages)
        rows = []
        for rank, message in enumerate(messages):
            layers = self._names_by_rank.setdefault(rank, [])
            layers += message.layers
            self._recomputed[rank] = message.recomputed
            rows += [
                (head._replace(step=head.step * size + rank), layers[head.layer], statistics)
                for head, statistics in message.rows
            ]
        with told_as_output(self._path):
            for head, layer, statistics in sorted(rows, key=lambda row: row[0].step):
                self._spool.row(head._replace(layer=self._index(layer)), statistics)
                self._num_steps = max(self._num_steps, head.step + 1)
            self._spool.flush()

    def finish(self) -> None:
        """Write the statistics at the end, and that the recording is complete."""
        recomputed: Counter[str] = Counter()
        for counts in self._recomputed.values():
            recomputed.update(counts)
        with told_as_output(self._path):
            for name, index in self._indices.items():
                end = self._running.get(name)
                if end is not None:
                    self._spool.end(index, end)
            self._spool.finish({"num_steps": self._num_steps, "recomputed": dict(recomputed)})
            self._spool.flush()

    def _index(self, layer: SpooledLayer) -> int:
        if layer.name not in self._indices:
            self._indices[layer.name] = len(self._indices)
            self._spool.introduce(layer)
            start = self._running.get(layer.name)
            if start is not None:
                self._spool.start(self._indices[layer.name], start)
        return self._indices[layer.name]

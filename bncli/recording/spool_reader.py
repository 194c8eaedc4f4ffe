"""Reads a spool: a recording that is still running, or was cut off."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

import numpy as np

from bncli.core.recorded_layer import BatchRows, RecordedLayer
from bncli.core.recording_key import RECORDING_KEY
from bncli.recording.json_fields import described_layer, table, whole_number
from bncli.recording.opened_recording import OpenedRecording, require_distinct, told_as_malformed
from bncli.recording.spool import (
    FORMAT_VERSION,
    ROW_FIELDS,
    RowHead,
    frames,
    read_json,
    read_row_field,
    read_row_head,
    read_statistics,
    row_size,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from bncli.core.running_statistics import RunningStatistics
    from bncli.recording.spool import Frame, SpooledLayer


class SpoolReader(OpenedRecording):
    """A spool of which only the heads of its rows are in memory, 48 bytes for each.

    Raises:
        MalformedFile: the file is no spool.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.layers_seen: list[SpooledLayer] = []
        self.starts: dict[int, RunningStatistics] = {}
        self.ends: dict[int, RunningStatistics] = {}
        self._summary: dict[str, Any] = {}
        self._heads: list[array[int]] = []
        """For each layer and row: where its payload starts, then its head."""
        self._file = path.open("rb")
        try:
            with told_as_malformed(path):
                self._index()
                self.layer_names = tuple(layer.name for layer in self.layers_seen)
                require_distinct(self.layer_names)
        except BaseException:
            self._file.close()
            raise
        self.is_complete = bool(self._summary)
        last_steps = (int(self.heads(index, "step").max(initial=-1)) for index in range(len(self.layers_seen)))
        self.num_steps = self._summary.get("num_steps", max(last_steps, default=-1) + 1)

    def num_recomputed(self, index: int) -> int:
        """Return how often the layer was run again for the backward pass; 0 where the recording was cut off."""
        recomputed, name = self._summary.get("recomputed", {}), self.layer_names[index]
        return whole_number(recomputed, name) if name in recomputed else 0

    def heads(self, index: int, field: str) -> NDArray[np.int64]:
        """Return one number of the head of each row of a layer, shape (T,)."""
        return self._table(index)[:, 1 + RowHead._fields.index(field)]

    def field_bytes(self, index: int, name: str) -> Iterator[bytes]:
        """Yield one statistic of all rows of a layer, row after row."""
        num_features = self.layers_seen[index].num_features
        for offset in self._table(index)[:, 0].tolist():
            yield read_row_field(self._file.fileno(), offset, name, num_features)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _index(self) -> None:
        descriptor = self._file.fileno()
        found = frames(descriptor)
        first = next(found, None)
        if first is None or first.kind != b"H":
            raise ValueError("its beginning is cut off")
        self._begin(read_json(descriptor, first))
        for frame in found:
            if self._summary:
                raise ValueError("it goes on after its end")
            match frame.kind:
                case b"L":
                    self.layers_seen.append(described_layer(read_json(descriptor, frame)))
                    self._heads.append(array("q"))
                case b"S":
                    self._take(self.starts, *read_statistics(descriptor, frame))
                case b"E":
                    self._take(self.ends, *read_statistics(descriptor, frame))
                case b"R":
                    self._take_row(read_row_head(descriptor, frame), frame)
                case b"F":
                    self._end(read_json(descriptor, frame))
                case _:
                    raise ValueError("it begins twice")

    def _take(self, into: dict[int, RunningStatistics], layer: int, statistics: RunningStatistics) -> None:
        if layer in into or len(statistics.mean) != self.layers_seen[layer].num_features:
            raise ValueError(f"layer {self.layers_seen[layer].name} has running statistics twice, or of other channels")
        into[layer] = statistics

    def _take_row(self, head: RowHead, frame: Frame) -> None:
        # Without this, a read of the row would go on into the following ones.
        if frame.size != row_size(self.layers_seen[head.layer].num_features):
            raise ValueError(f"a row of layer {self.layers_seen[head.layer].name} has {frame.size} bytes")
        self._heads[head.layer].extend((frame.offset, *head))

    def _table(self, index: int) -> NDArray[np.int64]:
        return np.frombuffer(self._heads[index], np.int64).reshape(-1, 1 + len(RowHead._fields))

    def _begin(self, content: object) -> None:
        header = table(content, "its header")
        if header[RECORDING_KEY] != FORMAT_VERSION:
            raise ValueError(f"its version is {header[RECORDING_KEY]}, and this bncli reads {FORMAT_VERSION}")
        self.provenance = table(header["provenance"], "its provenance")

    def _end(self, content: object) -> None:
        summary = table(content, "its summary")
        whole_number(summary, "num_steps")
        table(summary.get("recomputed", {}), "what was recomputed")
        self._summary = summary

    def _read_layer(self, index: int) -> RecordedLayer:
        layer = self.layers_seen[index]
        statistics = {name: self._field(index, name, dtype) for name, dtype in ROW_FIELDS}
        return RecordedLayer(
            name=layer.name,
            class_name=layer.class_name,
            num_features=layer.num_features,
            eps=layer.eps,
            momentum=layer.momentum,
            num_recomputed=self.num_recomputed(index),
            start=self.starts.get(index),
            end=self.ends.get(index),
            rows=BatchRows(
                step=self.heads(index, "step"),
                num_values=self.heads(index, "num_values"),
                num_samples=self.heads(index, "num_samples"),
                is_training=self.heads(index, "is_training").astype(np.bool_),
                **statistics,
            ),
        )

    def _field(self, index: int, name: str, dtype: str) -> NDArray[Any]:
        joined = b"".join(self.field_bytes(index, name))
        return np.frombuffer(joined, dtype).reshape(-1, self.layers_seen[index].num_features)

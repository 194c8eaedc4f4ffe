"""What one rank tells the first one after every few batches, as bytes that need no trust: JSON and plain numbers."""

from __future__ import annotations

import json
from dataclasses import asdict, field
from typing import TYPE_CHECKING

import numpy as np

from bncli.light_dataclass import dataclass
from bncli.recording.spool import RowHead, SpooledLayer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

_LENGTH_BYTES = 8
_STATISTICS = 4
"""Per channel and row; see `ROW_FIELDS`."""


@dataclass(slots=True)
class RankMessage:
    """The share of one rank since its last message."""

    layers: list[SpooledLayer] = field(default_factory=list)
    """Layers that a first batch reached; they continue the rank's own list, into which rows point."""
    rows: list[tuple[RowHead, NDArray[np.float64]]] = field(default_factory=list)
    """Statistics of shape (4, C); steps are counted by the rank's own batches."""
    recomputed: dict[str, int] = field(default_factory=dict)
    """Passes so far that a backward pass repeated, by layer."""

    def to_bytes(self) -> bytes:
        """Return the message as it travels."""
        head = {
            "layers": [asdict(layer) for layer in self.layers],
            "rows": [(*row, statistics.shape[1]) for row, statistics in self.rows],
            "recomputed": self.recomputed,
        }
        text = json.dumps(head).encode()
        numbers = b"".join(np.ascontiguousarray(statistics, "<f8").tobytes() for _, statistics in self.rows)
        return len(text).to_bytes(_LENGTH_BYTES, "little") + text + numbers

    @classmethod
    def from_bytes(cls, content: bytes) -> RankMessage:
        """Return the message that travelled."""
        stop = _LENGTH_BYTES + int.from_bytes(content[:_LENGTH_BYTES], "little")
        head = json.loads(content[_LENGTH_BYTES:stop])
        numbers = np.frombuffer(content[stop:], "<f8")
        return cls(
            layers=[SpooledLayer(**layer) for layer in head["layers"]],
            rows=list(_rows(head["rows"], numbers)),
            recomputed=head["recomputed"],
        )


def _rows(heads: list[list[int]], numbers: NDArray[np.float64]) -> Iterator[tuple[RowHead, NDArray[np.float64]]]:
    offset = 0
    for *head, num_features in heads:
        stop = offset + _STATISTICS * num_features
        layer, is_training, step, num_values, num_samples = head
        yield (
            RowHead(layer, bool(is_training), step, num_values, num_samples),
            numbers[offset:stop].reshape(_STATISTICS, num_features),
        )
        offset = stop

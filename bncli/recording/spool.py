"""The spool: what a recording is while it runs, a file that only grows and is readable wherever it was cut off.

A frame is a kind (one byte), three zero bytes, the payload's length (four bytes, little-endian), and the payload. The
order of frames is the order of events; a last frame that is not all there is as if it had never begun.

    H  the recording: JSON
    L  a layer is seen for the first time: JSON
    S  running statistics of a layer at the start: layer, counter (-1: none; -2: no count, the number stands at the end
       in float64), mean and variance in float64
    R  a batch passed through a layer: layer, mode, step, values per channel, samples, then the statistics
    E  running statistics of a layer at the end, as in S
    F  the recording is complete: JSON
"""

from __future__ import annotations

import json
import os
import struct
from dataclasses import asdict
from typing import IO, TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from bncli.core.recording_key import RECORDING_KEY
from bncli.core.running_statistics import RunningStatistics
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

FORMAT_VERSION = 1

FrameKind = Literal[b"H", b"L", b"S", b"R", b"E", b"F"]

_FRAME = struct.Struct("<c3xI")
_STATISTICS = struct.Struct("<Iq")
_ROW = struct.Struct("<IB3xqqq")
_NO_COUNTER = -1
_COUNTER_AT_END = -2


@dataclass(frozen=True, slots=True)
class SpooledLayer:
    """A layer as it is introduced when its first batch arrives."""

    name: str
    class_name: str
    num_features: int
    eps: float
    momentum: float | None


class RowHead(NamedTuple):
    """What tells one row of a recording from the others, beside its statistics."""

    layer: int
    """Index of the layer, in the order of introduction."""
    is_training: bool
    step: int
    num_values: int
    num_samples: int


ROW_FIELDS: tuple[tuple[str, str], ...] = (
    ("mean", "<f8"),
    ("biased_var", "<f8"),
    ("mean_error", "<f4"),
    ("sample_mean_var", "<f4"),
)
"""Statistics of a row in their order, and their element types; each has one value per channel."""


class SpoolWriter:
    """Appends frames to a file."""

    def __init__(self, file: IO[bytes], provenance: Mapping[str, Any]) -> None:
        self._file = file
        self._write(b"H", _json({RECORDING_KEY: FORMAT_VERSION, "provenance": dict(provenance)}))

    def introduce(self, layer: SpooledLayer) -> None:
        """Give the next free index to a layer."""
        self._write(b"L", _json(asdict(layer)))

    def start(self, layer: int, statistics: RunningStatistics) -> None:
        """Add the running statistics of a layer at the start."""
        self._write(b"S", _statistics(layer, statistics))

    def end(self, layer: int, statistics: RunningStatistics) -> None:
        """Add the running statistics of a layer at the end."""
        self._write(b"E", _statistics(layer, statistics))

    def row(self, head: RowHead, statistics: NDArray[np.float64]) -> None:
        """Add one batch; `statistics` has shape (4, C), in the order of `ROW_FIELDS`."""
        packed = _ROW.pack(*head)
        with np.errstate(over="ignore", under="ignore"):
            parts = [values.astype(dtype) for values, (_, dtype) in zip(statistics, ROW_FIELDS, strict=True)]
        self._write(b"R", packed + b"".join(part.tobytes() for part in parts))

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Say that the recording is complete."""
        self._write(b"F", _json(summary))

    def flush(self) -> None:
        """Hand everything over to the system, which keeps it whatever becomes of this process."""
        self._file.flush()

    def _write(self, kind: FrameKind, payload: bytes) -> None:
        self._file.write(_FRAME.pack(kind, len(payload)) + payload)


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame of a spool, before its payload is read."""

    kind: bytes
    offset: int
    """Where the payload starts in the file."""
    size: int


def frames(descriptor: int) -> Iterator[Frame]:
    """Yield the frames of a spool that are all there.

    Raises:
        ValueError: bytes that begin no frame.
    """
    size = os.fstat(descriptor).st_size
    offset = 0
    while offset + _FRAME.size <= size:
        kind, length = _FRAME.unpack(os.pread(descriptor, _FRAME.size, offset))
        if kind not in b"HLSREF":
            raise ValueError(f"byte {offset} begins no frame")
        offset += _FRAME.size
        if offset + length > size:
            return
        yield Frame(kind, offset, length)
        offset += length


def read_json(descriptor: int, frame: Frame) -> Any:
    """Return the payload of a frame of kind H, L or F."""
    return json.loads(os.pread(descriptor, frame.size, frame.offset).decode())


def read_statistics(descriptor: int, frame: Frame) -> tuple[int, RunningStatistics]:
    """Return the payload of a frame of kind S or E: the layer, and its statistics."""
    payload = os.pread(descriptor, frame.size, frame.offset)
    layer, stored = _STATISTICS.unpack_from(payload)
    values = np.frombuffer(payload, "<f8", offset=_STATISTICS.size)
    counter = None if stored == _NO_COUNTER else stored
    if stored == _COUNTER_AT_END:
        values, counter = values[:-1], float(values[-1])
    mean, var = values.reshape(2, -1)
    return layer, RunningStatistics(mean, var, counter)


def read_row_head(descriptor: int, frame: Frame) -> RowHead:
    """Return the head of a frame of kind R."""
    return RowHead(*_ROW.unpack(os.pread(descriptor, _ROW.size, frame.offset)))


def row_size(num_features: int) -> int:
    """Return the bytes of the payload of a frame of kind R of a layer."""
    return _ROW.size + num_features * sum(np.dtype(dtype).itemsize for _, dtype in ROW_FIELDS)


def read_row_field(descriptor: int, payload_offset: int, name: str, num_features: int) -> bytes:
    """Return the bytes of one statistic in a frame of kind R whose payload starts at an offset."""
    offset = payload_offset + _ROW.size
    for field, dtype in ROW_FIELDS:
        length = num_features * np.dtype(dtype).itemsize
        if field == name:
            return os.pread(descriptor, length, offset)
        offset += length
    raise LookupError(f"rows have no {name}")


def _statistics(layer: int, statistics: RunningStatistics) -> bytes:
    counter, end = statistics.num_batches_tracked, b""
    if counter is None:
        counter = _NO_COUNTER
    elif isinstance(counter, float) or counter < 0:
        counter, end = _COUNTER_AT_END, struct.pack("<d", counter)
    head = _STATISTICS.pack(layer, counter)
    return head + statistics.mean.astype("<f8").tobytes() + statistics.var.astype("<f8").tobytes() + end


def _json(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, sort_keys=True).encode()

"""Turns a spool into a finished recording: a safetensors file in which each statistic of a layer is one array.

Written array by array, so that memory stays the same however long the recording is.
"""

from __future__ import annotations

import json
from typing import IO, TYPE_CHECKING

import numpy as np

from bncli.core.recording_key import RECORDING_KEY
from bncli.recording.spool import FORMAT_VERSION, ROW_FIELDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bncli.core.running_statistics import RunningStatistics
    from bncli.recording.spool_reader import SpoolReader

    Part = tuple[str, str, tuple[int, ...], Callable[[], Iterator[bytes]]]
    """An array: its name, NumPy element type, shape, and what yields its bytes."""

HEAD_FIELDS = (("step", "<i8"), ("num_values", "<i8"), ("num_samples", "<i8"), ("is_training", "|u1"))
"""Integers of a row, and their element types; each is an array of shape (T,)."""

_DTYPE_NAMES = {"<f8": "F64", "<f4": "F32", "<i8": "I64", "|u1": "U8"}
_ALIGNMENT = 8


def write_sealed(spool: SpoolReader, file: IO[bytes]) -> None:
    """Write the safetensors file: header, then the bytes of every array."""
    parts = [part for index in range(len(spool.layer_names)) for part in _parts(spool, index)]
    # Wide elements first keeps every array aligned to its elements.
    parts.sort(key=lambda part: -np.dtype(part[1]).itemsize)
    header: dict[str, object] = {"__metadata__": _metadata(spool)}
    offset = 0
    for name, dtype, shape, _ in parts:
        size = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
        header[name] = {"dtype": _DTYPE_NAMES[dtype], "shape": shape, "data_offsets": (offset, offset + size)}
        offset += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _ALIGNMENT)
    file.write(len(text).to_bytes(8, "little") + text)
    for *_, content in parts:
        for piece in content():
            file.write(piece)


def _metadata(spool: SpoolReader) -> dict[str, str]:
    layers = [
        {
            "name": layer.name,
            "class_name": layer.class_name,
            "num_features": layer.num_features,
            "eps": layer.eps,
            "momentum": layer.momentum,
            "num_recomputed": spool.num_recomputed(index),
            "num_batches_tracked_start": _counter(spool.starts.get(index)),
            "num_batches_tracked_end": _counter(spool.ends.get(index)),
        }
        for index, layer in enumerate(spool.layers_seen)
    ]
    return {
        RECORDING_KEY: str(FORMAT_VERSION),
        "num_steps": str(spool.num_steps),
        "layers": json.dumps(layers, ensure_ascii=False),
        "provenance": json.dumps(spool.provenance, ensure_ascii=False, sort_keys=True),
    }


def _counter(statistics: RunningStatistics | None) -> int | float | None:
    return None if statistics is None else statistics.num_batches_tracked


def _parts(spool: SpoolReader, index: int) -> Iterator[Part]:
    """Yield the arrays of one layer."""
    layer = spool.layers_seen[index]
    num_rows = len(spool.heads(index, "step"))
    for field, dtype in HEAD_FIELDS:
        values = spool.heads(index, field).astype(dtype)
        yield f"{layer.name}.{field}", dtype, values.shape, lambda values=values: iter([values.tobytes()])  # type: ignore[misc]
    for field, dtype in ROW_FIELDS:
        shape = (num_rows, layer.num_features)
        yield f"{layer.name}.{array_name(field)}", dtype, shape, lambda field=field: spool.field_bytes(index, field)  # type: ignore[misc]
    for when, statistics in (("start", spool.starts.get(index)), ("end", spool.ends.get(index))):
        if statistics is not None:
            for field, values in (("running_mean", statistics.mean), ("running_var", statistics.var)):
                content = values.astype("<f8").tobytes()
                name = f"{layer.name}.{field}_{when}"
                yield name, "<f8", (layer.num_features,), lambda content=content: iter([content])  # type: ignore[misc]


def array_name(field: str) -> str:
    """Return how an array of a row's statistic is called in the file."""
    return field if field.startswith("sample") else f"batch_{field}"

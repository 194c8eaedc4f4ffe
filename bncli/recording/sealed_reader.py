"""Reads a finished recording."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors import SafetensorError, safe_open

from bncli.core.recorded_layer import BatchRows, RecordedLayer
from bncli.core.recording_key import RECORDING_KEY
from bncli.core.running_statistics import RunningStatistics
from bncli.errors import UnsupportedFormat
from bncli.recording.json_fields import described_layer, optional_number, table, whole_number
from bncli.recording.opened_recording import OpenedRecording, require_distinct, told_as_malformed
from bncli.recording.sealing import HEAD_FIELDS, array_name
from bncli.recording.spool import FORMAT_VERSION, ROW_FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from bncli.recording.spool import SpooledLayer


class SealedReader(OpenedRecording):
    """A finished recording, of which only the header is in memory.

    Raises:
        UnsupportedFormat: the file is no recording, or one of another version.
        MalformedFile: the file breaks the rules of recordings.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.is_complete = True
        with told_as_malformed(path), _told_as_values():
            self._file = _open_unmapped(path)
            metadata = self._file.metadata() or {}
        if RECORDING_KEY not in metadata:
            raise UnsupportedFormat(
                f"{path}: a safetensors file, but no recording",
                hint="bncli record makes one, and so does bncli.record(model, path) in a training loop",
            )
        if metadata[RECORDING_KEY] != str(FORMAT_VERSION):
            raise UnsupportedFormat(
                f"{path}: a recording of version {metadata[RECORDING_KEY]}; this bncli reads {FORMAT_VERSION}"
            )
        with told_as_malformed(path):
            self._records = [table(each, "the description of a layer") for each in json.loads(metadata["layers"])]
            self._layers = [described_layer(record) for record in self._records]
            self.layer_names = tuple(layer.name for layer in self._layers)
            require_distinct(self.layer_names)
            self.provenance = table(json.loads(metadata["provenance"]), "its provenance")
            self.num_steps = whole_number({"num_steps": int(metadata["num_steps"])}, "num_steps")
            self._arrays = frozenset(self._file.keys())

    def close(self) -> None:
        """Let go of the file."""
        del self._file

    def _read_layer(self, index: int) -> RecordedLayer:
        layer, record = self._layers[index], self._records[index]
        name = layer.name
        heads = {field: self._array(f"{name}.{field}", dtype, (None,)) for field, dtype in HEAD_FIELDS}
        num_rows = len(heads["step"])
        if any(len(values) != num_rows for values in heads.values()):
            raise ValueError(f"the arrays of layer {name} differ in their number of rows")
        shape = (num_rows, layer.num_features)
        statistics = {field: self._array(f"{name}.{array_name(field)}", dtype, shape) for field, dtype in ROW_FIELDS}
        return RecordedLayer(
            name=name,
            class_name=layer.class_name,
            num_features=layer.num_features,
            eps=layer.eps,
            momentum=layer.momentum,
            num_recomputed=whole_number(record, "num_recomputed"),
            start=self._running(layer, record, "start"),
            end=self._running(layer, record, "end"),
            rows=BatchRows(**{**heads, "is_training": heads["is_training"].astype(np.bool_)}, **statistics),
        )

    def _running(self, layer: SpooledLayer, record: dict[str, Any], when: str) -> RunningStatistics | None:
        if f"{layer.name}.running_mean_{when}" not in self._arrays:
            return None
        mean, var = (
            self._array(f"{layer.name}.{role}_{when}", "<f8", (layer.num_features,))
            for role in ("running_mean", "running_var")
        )
        return RunningStatistics(mean, var, optional_number(record, f"num_batches_tracked_{when}"))

    def _array(self, name: str, dtype: str, shape: tuple[int | None, ...]) -> NDArray[Any]:
        if name not in self._arrays:
            raise LookupError(f"it lacks {name}")
        with _told_as_values():
            values: NDArray[Any] = self._file.get_tensor(name)
        if len(values.shape) != len(shape) or any(
            want not in (None, got) for want, got in zip(shape, values.shape, strict=True)
        ):
            raise ValueError(f"{name} has shape {list(values.shape)}")
        if values.dtype != np.dtype(dtype):
            raise ValueError(f"{name} is of {values.dtype}")
        return values


@contextmanager
def _told_as_values() -> Iterator[None]:
    """Turn the library's own kind of error into Python's."""
    try:
        yield
    except SafetensorError as error:
        raise ValueError(str(error)) from error


def _open_unmapped(path: Path) -> Any:
    """Open a safetensors file. A map would end the program where the file is cut off while it is read."""
    try:
        return safe_open(path, framework="np", backend="pread")
    except TypeError:  # safetensors before 0.8 only maps
        return safe_open(path, framework="np")

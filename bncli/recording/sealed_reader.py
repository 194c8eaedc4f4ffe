"""Reads a finished recording."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors import SafetensorError, safe_open

from bncli.core.recorded_layer import BatchRows, RecordedLayer
from bncli.core.running_statistics import RunningStatistics
from bncli.errors import UnsupportedFormat
from bncli.recording.opened_recording import OpenedRecording, told_as_malformed
from bncli.recording.sealing import HEAD_FIELDS, array_name
from bncli.recording.spool import FORMAT_VERSION, ROW_FIELDS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray


class SealedReader(OpenedRecording):
    """A finished recording, of which only the header is in memory.

    Raises:
        UnsupportedFormat: the file is no recording, or one of another version.
        MalformedFile: the file breaks the rules of recordings.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.is_complete = True
        with told_as_malformed(path):
            try:
                opened: Any = safe_open(path, framework="np")
            except SafetensorError as error:
                raise ValueError(str(error)) from error
            self._file = opened
            metadata = opened.metadata() or {}
        if "bncli_recording" not in metadata:
            raise UnsupportedFormat(
                f"{path}: a safetensors file, but no recording",
                hint="bncli record makes one, and so does bncli.record(model, path) in a training loop",
            )
        if metadata["bncli_recording"] != str(FORMAT_VERSION):
            raise UnsupportedFormat(
                f"{path}: a recording of version {metadata['bncli_recording']}; this bncli reads {FORMAT_VERSION}"
            )
        with told_as_malformed(path):
            self._layers: list[dict[str, Any]] = json.loads(metadata["layers"])
            self.layer_names = tuple(str(layer["name"]) for layer in self._layers)
            self.provenance = json.loads(metadata["provenance"])
            self.num_steps = int(metadata["num_steps"])
            self._arrays = frozenset(opened.keys())

    def close(self) -> None:
        """Let go of the file."""
        del self._file

    def _read_layer(self, index: int) -> RecordedLayer:
        layer = self._layers[index]
        name, num_features = str(layer["name"]), int(layer["num_features"])
        heads = {field: self._array(f"{name}.{field}", (None,)) for field, _ in HEAD_FIELDS}
        num_rows = len(heads["step"])
        shape = (num_rows, num_features)
        statistics = {field: self._array(f"{name}.{array_name(field)}", shape) for field, _ in ROW_FIELDS}
        if any(len(values) != num_rows for values in heads.values()):
            raise ValueError(f"the arrays of layer {name} differ in their number of rows")
        return RecordedLayer(
            name=name,
            class_name=str(layer["class_name"]),
            num_features=num_features,
            eps=float(layer["eps"]),
            momentum=None if layer["momentum"] is None else float(layer["momentum"]),
            num_recomputed=int(layer["num_recomputed"]),
            start=self._running(layer, "start"),
            end=self._running(layer, "end"),
            rows=BatchRows(**{**heads, "is_training": heads["is_training"].astype(np.bool_)}, **statistics),
        )

    def _running(self, layer: Mapping[str, Any], when: str) -> RunningStatistics | None:
        name, shape = layer["name"], (int(layer["num_features"]),)
        if f"{name}.running_mean_{when}" not in self._arrays:
            return None
        return RunningStatistics(
            self._array(f"{name}.running_mean_{when}", shape),
            self._array(f"{name}.running_var_{when}", shape),
            layer[f"num_batches_tracked_{when}"],
        )

    def _array(self, name: str, shape: tuple[int | None, ...]) -> NDArray[Any]:
        if name not in self._arrays:
            raise LookupError(f"it lacks {name}")
        values: NDArray[Any] = self._file.get_tensor(name)
        if len(values.shape) != len(shape) or any(
            want not in (None, got) for want, got in zip(shape, values.shape, strict=True)
        ):
            raise ValueError(f"{name} has shape {list(values.shape)}")
        return values

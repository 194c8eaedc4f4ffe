"""From a recording of a live model to the batches that `simulate-momentum` replays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bncli.analysis.layer_labels import shown_name
from bncli.core.recorded_batches import RecordedBatches
from bncli.core.repeated_batches import RepeatedBatches
from bncli.errors import InputNotFound, InvalidUsage, InvalidValue
from bncli.recording.opening import is_recording, open_recording
from bncli.reports.reported_simulation import BatchOrigin

if TYPE_CHECKING:
    from bncli.cli.batch_options import BatchOptions
    from bncli.core.recorded_layer import RecordedLayer
    from bncli.recording.opened_recording import OpenedRecording

_MOST_UPDATES = 1 << 25
"""Of one pass through a recording: which batch each of them repeats is kept in memory."""
_MOST_OF_64_BITS = (1 << 63) - 1


def names_a_recording(options: BatchOptions) -> bool:
    """Return whether the batches are those of a recording.

    Raises:
        InvalidUsage: other files stand beside it.
    """
    recording = next(filter(is_recording, options.paths), None)
    if recording is not None and len(options.paths) > 1:
        raise InvalidUsage(
            f"{recording}: is a recording, which is replayed alone, and {len(options.paths)} files are given",
            hint="give one recording, or files of one batch each",
        )
    return recording is not None


def replayed_batches(options: BatchOptions) -> tuple[RepeatedBatches, BatchOrigin]:
    """Return the batches of one recorded layer, and where they come from.

    Raises:
        BncliError: the recording cannot be read, or no layer was chosen, or it has no batch of two finite values.
    """
    path = options.paths[0]
    with open_recording(path) as recording:
        layer = recording.layer(_layer_name(recording, options.layer))
    batches = layer.batch_statistics()
    is_finite = np.isfinite(batches.mean).all(axis=1) & np.isfinite(batches.var).all(axis=1)
    if not len(batches) or not is_finite.all():
        what = "a batch of NaN or infinity" if len(batches) else "no batch of two values per channel"
        raise InvalidValue(
            f"{path}: layer {shown_name(layer.name)} has {what}", hint="bncli check --recording lists such batches"
        )
    repeats = _repeats(layer, options)
    source = RepeatedBatches(RecordedBatches(batches), repeats)
    updates = "" if source.num_recorded == len(batches) else f", {source.num_recorded:,} updates"
    origin = BatchOrigin(
        kind="recording",
        text=f"{len(batches):,} recorded batches of {shown_name(layer.name)}{_mode_text(layer)}{updates}, from {path}",
        details={
            "path": str(path),
            "layer": layer.name,
            "num_recorded": len(batches),
            "num_left_out": layer.num_left_out,
        },
        num_batches=source.num_recorded,
        initial=layer.start,
        momentum=layer.momentum,
    )
    return source, origin


def _mode_text(layer: RecordedLayer) -> str:
    return f" in train mode ({layer.num_left_out:,} in eval mode update nothing)" if layer.num_left_out else ""


def _layer_name(recording: OpenedRecording, asked: str | None) -> str:
    if asked is not None:
        return asked
    if len(recording.layer_names) != 1:
        raise InputNotFound(
            f"{recording.path}: has {len(recording.layer_names)} layers, and one is needed",
            hint=f"give --layer, such as --layer {next(iter(recording.layer_names), 'NAME')}",
        )
    return recording.layer_names[0]


def _repeats(layer: RecordedLayer, options: BatchOptions) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return how many updates each batch makes.

    Raises:
        InvalidUsage: together they are too many.
    """
    rows = layer.training_rows
    num_samples = rows.num_samples[rows.num_values > 1]
    if options.ghost_batch is not None:
        repeats = np.maximum(1, -(-num_samples // min(options.ghost_batch, _MOST_OF_64_BITS)))
    else:
        repeats = np.full(len(num_samples), min(options.updates_per_step, _MOST_OF_64_BITS), np.int64)
    num_updates = repeats.sum(dtype=np.float64)
    if num_updates > _MOST_UPDATES:
        raise InvalidUsage(
            f"the batches of {layer.name} would make {num_updates:.4g} updates, and at most {_MOST_UPDATES:,} are made",
            hint="give a larger --ghost-batch, or fewer --updates-per-step",
        )
    return repeats

"""From a recording to what it says about the layers of a checkpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.analysis.layer_selection import select
from bncli.analysis.recorded_matching import in_recorded_order
from bncli.cli.recorded_names import recorded_names
from bncli.errors import ShapeMismatch

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bncli.analysis.batch_evidence import BatchEvidence
    from bncli.core.batch_norm_layer import Checkpoint


def recorded_evidence(checkpoint: Checkpoint, path: Path, globs: Sequence[str] = ()) -> dict[str, BatchEvidence]:
    """Return the evidence for each layer that was recorded, by its stored name; one layer is in memory at a time.

    The order is that in which data first passed through the layers.

    Raises:
        BncliError: the recording cannot be read, or holds none of the layers, or not with so many channels.
    """
    # Only a run with a recording pays for reading one.
    from bncli.analysis.batch_evidence import batch_evidence
    from bncli.recording.opening import open_recording

    layers = [each.layer for each in select(checkpoint, globs)]
    with open_recording(path) as recording:
        matched = recorded_names(checkpoint, layers, path, recording.layer_names)
        found = {}
        for layer in in_recorded_order(layers, matched, recording.layer_names):
            recorded = recording.layer(matched[layer.name])
            if recorded.num_features != layer.num_features:
                raise ShapeMismatch(
                    f"{checkpoint.path}: layer {layer.label} has {layer.num_features} channels, "
                    f"{recorded.num_features} in {path}",
                    hint="the recording is of another model",
                )
            found[layer.name] = batch_evidence(recorded, layer.num_batches_tracked)
    return found

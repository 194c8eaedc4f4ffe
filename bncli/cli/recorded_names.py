"""Which layers of a checkpoint a recording holds, under which names; a recording of another model is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.analysis.recorded_matching import match_recorded
from bncli.errors import InputNotFound

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bncli.core.batch_norm_layer import BatchNormLayer, Checkpoint


def recorded_names(
    checkpoint: Checkpoint, chosen: Sequence[BatchNormLayer], path: Path, names: Sequence[str]
) -> dict[str, str]:
    """Return the recorded name of each chosen layer that was recorded, by its stored name.

    Args:
        checkpoint: the file.
        chosen: those of its layers that are asked for, at least one.
        path: the recording, or the first of several.
        names: of the layers that were recorded.

    Raises:
        InputNotFound: none was.
        InvalidUsage: several layers may be the same recorded one.
    """
    matched = match_recorded(chosen, names, checkpoint.layers)
    if not matched:
        has = f"layers {', '.join(names[:3])}" if names else "no layer"
        raise InputNotFound(
            f"{checkpoint.path}: none of its layers is in {path}",
            hint=f"the recording has {has}; the checkpoint has layer {chosen[0].label}",
        )
    return matched

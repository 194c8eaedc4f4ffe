"""Opens a checkpoint, finds its layers and closes it again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bncli.analysis.layer_discovery import discover
from bncli.formats.detection import open_named_arrays

if TYPE_CHECKING:
    from pathlib import Path

    from bncli.analysis.layer_settings import GivenSettings
    from bncli.core.batch_norm_layer import Checkpoint


@dataclass(frozen=True, slots=True, eq=False)
class OpenedCheckpoint:
    """What a command needs of a checkpoint after its file is closed."""

    checkpoint: Checkpoint
    array_names: tuple[str, ...]
    """Names of all arrays in the file, those of other layers included."""
    named_globals: frozenset[str]
    """Classes and functions that the file names, if it is a pickle."""


def open_checkpoint(path: Path, given: GivenSettings) -> OpenedCheckpoint:
    """Return the layers of a file.

    Raises:
        NoBatchNormLayers: the file has none.
        BncliError: the file is missing, broken or of no format that bncli reads.
    """
    with open_named_arrays(path) as arrays:
        return OpenedCheckpoint(discover(arrays, given), tuple(arrays.specs), arrays.named_globals)

"""Opens a checkpoint, finds its layers and closes it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.analysis.layer_discovery import discover
from bncli.formats.detection import open_named_arrays
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from bncli.analysis.layer_settings import GivenSettings
    from bncli.core.batch_norm_layer import Checkpoint


@dataclass(frozen=True, slots=True, eq=False)
class OpenedCheckpoint:
    """What a command needs of a checkpoint after its file is closed."""

    checkpoint: Checkpoint
    array_names: tuple[str, ...]
    """Names of all arrays in the file, those of other layers included."""


def open_checkpoint(
    path: Path, given: GivenSettings, tell_globals: Callable[[Path, Collection[str]], None] | None = None
) -> OpenedCheckpoint:
    """Return the layers of a file.

    Args:
        path: the file.
        given: settings that win over those in the file.
        tell_globals: is given the path and the classes and functions that the file names, whether it has layers or not.

    Raises:
        NoBatchNormLayers: the file has none.
        BncliError: the file is missing, broken or of no format that bncli reads.
    """
    with open_named_arrays(path) as arrays:
        try:
            return OpenedCheckpoint(discover(arrays, given), tuple(arrays.specs))
        finally:
            # Not before: a checkpoint of several files opens them as their arrays are looked at.
            if tell_globals is not None:
                tell_globals(path, arrays.named_globals)

"""Where the planted checkpoints lie below the folder of a demo."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from bncli.planted.catalogue import FAULTS
from bncli.planted.changes import CHANGES, PARENT
from bncli.rules.catalogue import RULES
from bncli.rules.selection import find_rule

if TYPE_CHECKING:
    from bncli.planted.base import PlantedChange, PlantedFault
    from bncli.planted.small_model import SmallModel

PARENT_PATH = PurePosixPath("pairs", f"parent{PARENT.suffix}")
"""The first file of every comparison."""


def faulty_path(fault: PlantedFault) -> PurePosixPath:
    """Return where the model with the fault lies: `faulty/bn301_dead_input.safetensors`."""
    return PurePosixPath("faulty", _stem(fault) + fault.faulty.suffix)


def sound_path(fault: PlantedFault) -> PurePosixPath:
    """Return where its twin lies."""
    return PurePosixPath("healthy", _stem(fault) + fault.sound.suffix)


def change_path(change: PlantedChange) -> PurePosixPath:
    """Return where the second file of a comparison lies."""
    return PurePosixPath("pairs", change.name + change.after.suffix)


def planted_files() -> dict[PurePosixPath, SmallModel]:
    """Return every file of a demo, by its path below the folder."""
    files = {PARENT_PATH: PARENT}
    for fault in FAULTS:
        files[faulty_path(fault)] = fault.faulty
        files[sound_path(fault)] = fault.sound
    return files | {change_path(change): change.after for change in CHANGES}


def _stem(fault: PlantedFault) -> str:
    return f"{fault.code.lower()}_{find_rule(RULES, fault.code).name.replace('-', '_')}"

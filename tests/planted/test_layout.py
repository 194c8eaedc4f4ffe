from __future__ import annotations

from pathlib import PurePosixPath

from bncli.planted.catalogue import FAULTS
from bncli.planted.changes import CHANGES
from bncli.planted.layout import PARENT_PATH, change_path, faulty_path, planted_files, sound_path


def test_a_file_is_named_by_the_rule_that_finds_its_fault() -> None:
    (fault,) = (fault for fault in FAULTS if fault.code == "BN301")
    assert faulty_path(fault) == PurePosixPath("faulty/bn301_dead_input.safetensors")
    assert sound_path(fault) == PurePosixPath("healthy/bn301_dead_input.safetensors")


def test_every_model_has_a_file_of_its_own() -> None:
    files = planted_files()
    assert len(files) == 2 * len(FAULTS) + len(CHANGES) + 1
    assert files[faulty_path(FAULTS[3])] is FAULTS[3].faulty
    assert files[sound_path(FAULTS[3])] is FAULTS[3].sound
    assert files[change_path(CHANGES[2])] is CHANGES[2].after
    assert files[PARENT_PATH].file() == planted_files()[PARENT_PATH].file()

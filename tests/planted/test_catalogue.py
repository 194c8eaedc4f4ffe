"""What holds for every planted fault: exactly its rule speaks of it, and of its twin none does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bncli.planted.catalogue import FAULTS
from bncli.rules.catalogue import RULES
from tests.helpers.json_output import json_of

if TYPE_CHECKING:
    from pathlib import Path

    from bncli.planted.base import PlantedFault
    from bncli.planted.small_model import SmallModel

every_fault = pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.code)


def findings(model: SmallModel, folder: Path, *options: str) -> list[dict[str, Any]]:
    path = folder / f"model{model.suffix}"
    path.write_bytes(model.file())
    found: list[dict[str, Any]] = json_of("check", path, *options, "--fail-on", "never")["findings"]
    return found


def test_every_rule_has_a_planted_fault() -> None:
    assert [fault.code for fault in FAULTS] == [rule.code for rule in RULES if not rule.needs_recording]


@every_fault
def test_exactly_its_rule_finds_a_fault(fault: PlantedFault, tmp_path: Path) -> None:
    found = findings(fault.faulty, tmp_path, *fault.options)
    assert {finding["code"] for finding in found} == {fault.code} | fault.companions
    assert {finding["severity"] for finding in found if finding["code"] == fault.code} == {fault.severity}


@every_fault
def test_no_rule_speaks_of_the_twin(fault: PlantedFault, tmp_path: Path) -> None:
    assert findings(fault.sound, tmp_path, "--target", "fp16", "--target", "int8") == []


@every_fault
def test_a_fault_is_the_only_difference_between_twins(fault: PlantedFault) -> None:
    faulty, sound = fault.faulty, fault.sound
    assert faulty.suffix == sound.suffix
    num_unlike = sum(
        not (name in sound.arrays and array.tobytes() == sound.arrays[name].tobytes())
        for name, array in faulty.arrays.items()
    )
    is_changed = (num_unlike, faulty.settings, faulty.bfloat16, set(faulty.arrays))
    assert is_changed != (0, sound.settings, sound.bfloat16, set(sound.arrays))
    assert num_unlike <= 6

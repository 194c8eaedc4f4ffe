from __future__ import annotations

from pathlib import Path

import pytest

from bncli.errors import InputNotFound, MalformedFile
from bncli.recording.opened_recording import told_as_malformed
from bncli.recording.opening import open_recording
from tests.helpers.spools import write_spool


def test_a_misspelt_layer_gets_the_nearest_name(tmp_path: Path) -> None:
    with open_recording(write_spool(tmp_path / "r")) as recording, pytest.raises(InputNotFound, match="'A'") as caught:
        recording.layer("A")
    assert caught.value.hint == "did you mean a?"


def test_a_fault_without_words_is_told_by_its_kind() -> None:
    with pytest.raises(MalformedFile, match="r: broken as a recording: IndexError"), told_as_malformed(Path("r")):
        raise IndexError

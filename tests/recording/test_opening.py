from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from safetensors.numpy import save_file

from bncli.errors import InputNotFound
from bncli.recording.opening import is_recording, open_recording
from tests.helpers.invoke import ROOT
from tests.helpers.spools import write_spool

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_that_is_missing_points_to_what_a_run_left(tmp_path: Path) -> None:
    with pytest.raises(InputNotFound, match="no such file") as caught:
        open_recording(tmp_path / "r")
    assert caught.value.hint is None
    write_spool(tmp_path / "r.part", is_finished=False)
    with pytest.raises(InputNotFound) as caught:
        open_recording(tmp_path / "r")
    assert caught.value.hint is not None
    assert "r.part is there" in caught.value.hint


def test_a_spool_is_known_by_its_first_bytes(tmp_path: Path) -> None:
    with open_recording(write_spool(tmp_path / "any-name.safetensors")) as recording:
        assert recording.layer_names == ("a", "b")


def test_recordings_are_told_from_other_files(tmp_path: Path) -> None:
    save_file({"x": np.zeros(2)}, tmp_path / "x.safetensors")
    (tmp_path / "text").write_text("text")
    assert is_recording(ROOT / "samples" / "digits_run.safetensors")
    assert is_recording(write_spool(tmp_path / "r"))
    assert not any(is_recording(tmp_path / name) for name in ("x.safetensors", "text", "missing"))

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import bncli
from bncli.errors import OutputFailed
from bncli.recording.opening import open_recording
from tests.helpers.invoke import ROOT
from tests.helpers.recordings import failing_batches, feed, pictures, small_network

if TYPE_CHECKING:
    from torch import nn


def hooks_and_flags(model: nn.Module) -> list[Any]:
    return [
        (name, module.training, len(module._forward_pre_hooks), len(module._forward_hooks),
         len(module._forward_hooks_always_called), len(module._forward_pre_hooks_with_kwargs))
        for name, module in model.named_modules()
    ]  # fmt: skip


@pytest.mark.parametrize("fails", [False, True])
def test_hooks_and_flags_are_as_they_were(fails: bool, tmp_path: Path) -> None:
    model = small_network()
    model[1].eval()
    before = hooks_and_flags(model)
    batches = failing_batches() if fails else pictures(1)
    with suppress(RuntimeError), bncli.record(model, tmp_path / "r"):
        assert hooks_and_flags(model) != before
        for batch in batches:
            model(batch)
    assert (tmp_path / "r").exists() != fails
    assert hooks_and_flags(model) == before


def test_a_loop_that_raises_leaves_what_was_recorded_and_no_finished_file(tmp_path: Path) -> None:
    model = small_network()
    with pytest.raises(RuntimeError, match="channels"), bncli.record(model, tmp_path / "r"):
        feed(model, failing_batches())
    assert [path.name for path in tmp_path.iterdir()] == ["r.part"]
    with open_recording(tmp_path / "r.part") as recording:
        assert not recording.is_complete
        assert (len(recording.layer("5").rows), recording.layer_names) == (1, ("1", "5"))


def test_a_batch_that_a_layer_refuses_raises_as_without_recording(tmp_path: Path) -> None:
    model = small_network()
    with pytest.raises(ValueError, match="Expected more than 1 value per channel"), bncli.record(model, tmp_path / "r"):
        model(pictures(1, batch_size=1)[0])


def test_only_finished_recordings_are_left(tmp_path: Path) -> None:
    with bncli.record(small_network(), tmp_path / "r"):
        assert [path.name for path in tmp_path.iterdir()] == ["r.part"]
    assert [path.name for path in tmp_path.iterdir()] == ["r"]


def test_a_folder_that_is_not_there_is_told_in_one_line(tmp_path: Path) -> None:
    with (
        pytest.raises(OutputFailed, match="r: there is no folder"),
        bncli.record(small_network(), tmp_path / "no/r"),
    ):
        pass


def test_a_full_disk_stops_the_loop_and_leaves_the_model_free_of_hooks(monkeypatch: pytest.MonkeyPatch) -> None:
    model = small_network()
    before = hooks_and_flags(model)
    for module in ("live_recording", "spool_file"):
        monkeypatch.setattr(f"bncli.recording.{module}.spool_path", lambda _: Path("/dev/full"))
    with pytest.raises(OutputFailed, match="/dev/full: No space left"), bncli.record(model, "unused", force=True):
        model(pictures(1)[0])
    assert hooks_and_flags(model) == before


def test_a_killed_run_leaves_every_step_but_the_current_one(tmp_path: Path) -> None:
    program = f"""
import os, signal, sys
import bncli
from tests.helpers.recordings import failing_batches, feed, pictures, small_network
model = small_network()
with bncli.record(model, {str(tmp_path / "r")!r}):
    for batch in pictures(5):
        model(batch)
    os.kill(os.getpid(), signal.SIGKILL)
"""
    completed = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False)
    assert completed.returncode == -signal.SIGKILL
    with open_recording(tmp_path / "r.part") as recording:
        assert recording.num_steps == 5
        assert [len(layer.rows) for layer in recording.layers()] == [5, 5]

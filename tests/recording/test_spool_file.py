from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from bncli.errors import OutputExists, OutputFailed
from bncli.recording.opening import open_recording, spool_path
from bncli.recording.spool_file import open_spool, seal_spool, told_as_output
from tests.helpers.spools import write_spool

if TYPE_CHECKING:
    from pathlib import Path


def test_a_spool_stays_when_the_block_ends_and_becomes_the_recording_when_it_is_sealed(tmp_path: Path) -> None:
    target = tmp_path / "r"
    with open_spool(target, {"model": "Net"}, force=False) as spool:
        spool.finish({"num_steps": 0})
    assert spool_path(target).exists()
    seal_spool(target, force=False)
    assert [path.name for path in tmp_path.iterdir()] == ["r"]
    with open_recording(target) as recording:
        assert recording.provenance["model"] == "Net"
        assert set(recording.provenance) == {"model", "bncli_version", "torch_version"}


def test_an_error_of_the_system_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(OutputFailed, match="r: No such file or directory"), told_as_output(tmp_path / "r"):
        (tmp_path / "r").open("rb")


@pytest.mark.parametrize(("target", "message"), [("", "is a folder"), ("missing/r", "there is no folder .*missing$")])
def test_a_place_that_takes_no_recording_is_told_before_anything_runs(
    tmp_path: Path, target: str, message: str
) -> None:
    with pytest.raises(OutputFailed, match=message), open_spool(tmp_path / target, {}, force=True):
        pass
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_moved_over_a_pipe_or_a_device(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OutputFailed, match="pipe: is no regular file"), open_spool(tmp_path / "pipe", {}, force=True):
        pass
    assert (tmp_path / "pipe").is_fifo()


def test_a_recording_is_written_to_where_a_link_leads(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    link = tmp_path / "r"
    link.symlink_to(tmp_path / "disk" / "run")
    with open_spool(link, {}, force=True) as spool:
        spool.finish({"num_steps": 0})
    seal_spool(link, force=True)
    assert link.is_symlink()
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["disk", "r", "run"]
    with open_recording(link) as recording:
        assert recording.is_complete


def test_a_recording_that_cannot_be_written_leaves_its_spool_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    write_spool(tmp_path / "r.part")
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OutputFailed, match="r: No space left"):
        seal_spool(tmp_path / "r", force=False)
    assert [path.name for path in tmp_path.iterdir()] == ["r.part"]


def test_a_file_that_came_while_the_recording_ran_is_replaced_only_by_force(tmp_path: Path) -> None:
    write_spool(tmp_path / "r.part")
    (tmp_path / "r").write_bytes(b"precious")
    with pytest.raises(OutputExists, match="r: exists already"):
        seal_spool(tmp_path / "r", force=False)
    assert ((tmp_path / "r").read_bytes(), (tmp_path / "r.part").exists()) == (b"precious", True)
    seal_spool(tmp_path / "r", force=True)
    with open_recording(tmp_path / "r") as recording:
        assert recording.is_complete


def test_what_an_earlier_run_left_is_replaced_only_by_force(tmp_path: Path) -> None:
    (tmp_path / "r.part").write_bytes(b"precious")
    with pytest.raises(OutputExists, match="r.part: holds what an earlier run recorded"):
        open_spool(tmp_path / "r", {}, force=False).__enter__()
    assert (tmp_path / "r.part").read_bytes() == b"precious"
    with open_spool(tmp_path / "r", {}, force=True):
        pass
    with open_recording(tmp_path / "r.part") as recording:
        assert not recording.is_complete


def test_a_replaced_recording_passes_its_mode_on(tmp_path: Path) -> None:
    write_spool(tmp_path / "r.part")
    (tmp_path / "r").touch(0o604)
    seal_spool(tmp_path / "r", force=True)
    assert (tmp_path / "r").stat().st_mode & 0o777 == 0o604

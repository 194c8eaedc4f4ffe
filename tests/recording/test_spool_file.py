from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from bncli.errors import OutputFailed
from bncli.recording.opening import open_recording, spool_path
from bncli.recording.spool_file import open_spool, seal_spool, told_as_output

if TYPE_CHECKING:
    from pathlib import Path


def test_a_spool_stays_when_the_block_ends_and_becomes_the_recording_when_it_is_sealed(tmp_path: Path) -> None:
    target = tmp_path / "r"
    with open_spool(target, {"model": "Net"}, force=False) as spool:
        spool.finish({"num_steps": 0})
    assert spool_path(target).exists()
    seal_spool(target)
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
    seal_spool(link)
    assert link.is_symlink()
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["disk", "r", "run"]
    with open_recording(link) as recording:
        assert recording.is_complete

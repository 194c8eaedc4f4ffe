from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from bncli.core.running_statistics import RunningStatistics
from bncli.recording.spool import (
    RowHead,
    SpooledLayer,
    SpoolWriter,
    frames,
    read_json,
    read_row_field,
    read_row_head,
    read_statistics,
)

if TYPE_CHECKING:
    from pathlib import Path

STATISTICS = np.arange(8, dtype=np.float64).reshape(4, 2) / 3


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    with (tmp_path / "spool").open("wb") as file:
        writer = SpoolWriter(file, {"model": "Net"})
        writer.introduce(SpooledLayer("bn", "BatchNorm1d", 2, 1e-5, None))
        writer.start(0, RunningStatistics(np.array([0.1, np.nan]), np.array([1.0, np.inf]), None))
        writer.row(RowHead(0, True, 7, 30, 6), STATISTICS)
        writer.end(0, RunningStatistics(np.zeros(2), np.ones(2), 12))
        writer.finish({"num_steps": 8})
    return tmp_path / "spool"


def test_frames_come_back_in_the_order_of_writing(spool: Path) -> None:
    with spool.open("rb") as file:
        kinds = [frame.kind for frame in frames(file.fileno())]
    assert kinds == [b"H", b"L", b"S", b"R", b"E", b"F"]


def test_payloads_come_back_as_they_were(spool: Path) -> None:
    with spool.open("rb") as file:
        descriptor = file.fileno()
        header, layer, start, row, end, summary = frames(descriptor)
        assert read_json(descriptor, header) == {"bncli_recording": 1, "provenance": {"model": "Net"}}
        assert SpooledLayer(**read_json(descriptor, layer)) == SpooledLayer("bn", "BatchNorm1d", 2, 1e-5, None)
        index, statistics = read_statistics(descriptor, start)
        assert (index, statistics.num_batches_tracked) == (0, None)
        np.testing.assert_array_equal(statistics.mean, [0.1, np.nan])
        np.testing.assert_array_equal(statistics.var, [1.0, np.inf])
        assert read_statistics(descriptor, end)[1].num_batches_tracked == 12
        assert read_row_head(descriptor, row) == RowHead(0, True, 7, 30, 6)
        for number, (field, dtype) in enumerate((("mean", "<f8"), ("biased_var", "<f8"), ("mean_error", "<f4"))):
            values = np.frombuffer(read_row_field(descriptor, row.offset, field, 2), dtype)
            np.testing.assert_array_equal(values, STATISTICS[number].astype(dtype))
        assert read_json(descriptor, summary) == {"num_steps": 8}
        with pytest.raises(LookupError):
            read_row_field(descriptor, row.offset, "median", 2)


def test_a_spool_can_be_cut_anywhere(spool: Path) -> None:
    content = spool.read_bytes()
    whole = 0
    for length in range(len(content) + 1):
        spool.write_bytes(content[:length])
        with spool.open("rb") as file:
            num_frames = len(list(frames(file.fileno())))
        assert num_frames in (whole, whole + 1)
        whole = num_frames
    assert whole == 6


def test_bytes_that_are_no_spool_are_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"not a spool")
    with (tmp_path / "x").open("rb") as file, pytest.raises(ValueError, match="byte 0 begins no frame"):
        list(frames(file.fileno()))


@pytest.mark.parametrize("counter", [None, 0, 7, 2**63 - 1, 7.0, 2.5, -1.0, float("inf"), float("nan")])
def test_a_counter_comes_back_as_it_was(counter: float | None, tmp_path: Path) -> None:
    with (tmp_path / "spool").open("w+b") as file:
        SpoolWriter(file, {}).start(3, RunningStatistics(np.array([1.0, 2]), np.array([3.0, 4]), counter))
        file.flush()
        *_, frame = frames(file.fileno())
        layer, statistics = read_statistics(file.fileno(), frame)
    assert (layer, statistics.mean.tolist(), statistics.var.tolist()) == (3, [1, 2], [3, 4])
    assert repr(statistics.num_batches_tracked) == repr(counter)

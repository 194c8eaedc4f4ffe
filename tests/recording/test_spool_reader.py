from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bncli.errors import MalformedFile
from bncli.recording.spool_reader import SpoolReader
from tests.helpers.spools import write_spool

if TYPE_CHECKING:
    from pathlib import Path


def test_a_finished_spool_is_complete(tmp_path: Path) -> None:
    with SpoolReader(write_spool(tmp_path / "s")) as spool:
        assert (spool.is_complete, spool.num_steps, spool.layer_names) == (True, 3, ("a", "b"))
        layer = spool.layer("a")
        assert layer.end is not None
        assert (layer.end.num_batches_tracked, layer.num_recomputed) == (7, 2)


def test_one_that_was_cut_off_has_its_rows_and_no_end(tmp_path: Path) -> None:
    with SpoolReader(write_spool(tmp_path / "s", num_steps=5, is_finished=False)) as spool:
        assert (spool.is_complete, spool.num_steps) == (False, 5)
        layer = spool.layer("b")
        assert (len(layer.rows), layer.end, layer.num_recomputed) == (5, None, 0)


def test_cut_anywhere_it_is_read_up_to_there_or_refused(tmp_path: Path) -> None:
    path = write_spool(tmp_path / "s")
    content = path.read_bytes()
    for length in range(0, len(content), 7):
        path.write_bytes(content[:length])
        try:
            with SpoolReader(path) as spool:
                assert spool.num_steps <= 3
                assert all(len(layer.rows) <= 3 for layer in spool.layers())
        except MalformedFile:
            assert length < 150


def test_another_version_is_refused(tmp_path: Path) -> None:
    path = write_spool(tmp_path / "s")
    path.write_bytes(path.read_bytes().replace(b'"bncli_recording": 1', b'"bncli_recording": 9'))
    with pytest.raises(MalformedFile, match="version is 9, and this bncli reads 1"):
        SpoolReader(path)

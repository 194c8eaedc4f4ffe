from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bncli.core.running_statistics import fresh
from bncli.recording.rank_message import RankMessage
from bncli.recording.shared_spool import SharedSpool
from bncli.recording.spool import RowHead, SpooledLayer, SpoolWriter
from bncli.recording.spool_reader import SpoolReader

if TYPE_CHECKING:
    from pathlib import Path

A, B = (SpooledLayer(name, "BatchNorm1d", 1, 1e-5, 0.1) for name in "ab")


def message(layers: list[SpooledLayer], *rows: tuple[int, int, float]) -> RankMessage:
    """Return a message of rows, each (layer, step, value)."""
    return RankMessage(
        layers, [(RowHead(layer, True, step, 4, 4), np.full((4, 1), value)) for layer, step, value in rows]
    )


def written(path: Path, *rounds: list[RankMessage]) -> bytes:
    with path.open("wb") as file:
        spool = SharedSpool(SpoolWriter(file, {}), path, {"a": fresh(1), "b": None})
        for messages in rounds:
            spool.write(messages)
        spool.finish()
    return path.read_bytes()


def test_rows_are_in_the_order_of_batches_for_any_number_of_ranks(tmp_path: Path) -> None:
    alone = [message([A, B], (0, 0, 0.0), (1, 0, 0.5)), message([], (0, 1, 1.0), (1, 1, 1.5)), message([], (0, 2, 2.0))]
    together = [message([A, B], (0, 0, 0.0), (1, 0, 0.5), (0, 1, 2.0)), message([A, B], (0, 0, 1.0), (1, 0, 1.5))]
    assert written(tmp_path / "1", *([each] for each in alone)) == written(tmp_path / "2", together)


def test_a_layer_that_another_rank_saw_first_keeps_its_place(tmp_path: Path) -> None:
    alone = [message([B], (0, 0, 0.0)), message([A], (1, 1, 1.0))]
    together = [message([B], (0, 0, 0.0)), message([A], (0, 0, 1.0))]
    assert written(tmp_path / "1", *([each] for each in alone)) == written(tmp_path / "2", together)


def test_start_and_end_are_those_of_the_model_and_recomputed_passes_add_up(tmp_path: Path) -> None:
    messages = [message([A], (0, 0, 0.0)), message([A, B], (0, 0, 1.0), (1, 0, 1.0))]
    messages[0].recomputed, messages[1].recomputed = {"a": 2}, {"a": 1, "b": 1}
    written(tmp_path / "s", messages)
    with SpoolReader(tmp_path / "s") as spool:
        first, second = spool.layers()
        assert (spool.num_steps, first.num_recomputed, second.num_recomputed) == (2, 3, 1)
        assert first.start is not None
        assert first.end is not None
        assert (second.start, second.end) == (None, None)

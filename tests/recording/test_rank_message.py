from __future__ import annotations

import numpy as np

from bncli.recording.rank_message import RankMessage
from bncli.recording.spool import RowHead, SpooledLayer


def test_a_message_comes_back_as_it_was_bit_for_bit() -> None:
    layers = [SpooledLayer("body.1", "BatchNorm2d", 3, 1e-5, None), SpooledLayer("é", "BatchNorm1d", 1, 1e-3, 0.1)]
    statistics = [np.array([[1 / 3, np.nan, np.inf]] * 4), np.full((4, 1), -0.0)]
    heads = [RowHead(0, True, 4, 60, 5), RowHead(1, False, 4, 5, 5)]
    message = RankMessage(layers, list(zip(heads, statistics, strict=True)), {"body.1": 2})
    received = RankMessage.from_bytes(message.to_bytes())
    assert (received.layers, received.recomputed) == (layers, {"body.1": 2})
    assert [head for head, _ in received.rows] == heads
    for (_, ours), theirs in zip(received.rows, statistics, strict=True):
        assert ours.tobytes() == theirs.tobytes()


def test_a_message_may_be_empty() -> None:
    assert RankMessage.from_bytes(RankMessage().to_bytes()) == RankMessage()

"""Tests of the limits between no gap, a notable and a large one."""

from __future__ import annotations

import numpy as np
import pytest

from bncli.analysis.gap_size import GapSize, gap_sizes
from bncli.analysis.train_eval_gap import TrainEvalGap


def size_of(r: float, d: float, z: float) -> GapSize:
    columns = (np.array([value]) for value in (r, d, 100, z, 0.5))
    return gap_sizes(TrainEvalGap(*columns))[0]


@pytest.mark.parametrize(
    ("r", "d", "z", "size"),
    [
        (1, 0, 0, GapSize.NONE),
        (1.49, 0.49, 100, GapSize.NONE),
        (1.51, 0, 7, GapSize.NOTABLE),
        (1 / 1.51, 0, 7, GapSize.NOTABLE),
        (1, -0.51, 7, GapSize.NOTABLE),
        (1, 0.51, 5.9, GapSize.NONE),
        (3.1, 0, 0, GapSize.LARGE),
        (1 / 3.1, 0, 0, GapSize.LARGE),
        (1, -5.1, 0, GapSize.LARGE),
        (np.nan, 0, 0, GapSize.LARGE),
        (0, 0, 0, GapSize.LARGE),
        (np.inf, 0, 0, GapSize.LARGE),
        (1, 0.6, np.nan, GapSize.NOTABLE),
    ],
)
def test_a_gap_has_the_size_that_the_limits_say(r: float, d: float, z: float, size: GapSize) -> None:
    assert size_of(r, d, z) is size

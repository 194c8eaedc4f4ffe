"""Tests of the limits between no gap, a notable and a large one."""

from __future__ import annotations

import numpy as np
import pytest

from bncli.analysis.gap_size import CHANCE_Z, GapSize, gap_sizes, notable_ratios, notable_shifts
from bncli.analysis.train_eval_gap import TrainEvalGap


def size_of(r: float, d: float, count: float) -> GapSize:
    columns = (np.array([value]) for value in (r, d, count, abs(d) * np.sqrt(count), 0.5))
    return gap_sizes(TrainEvalGap(*columns, num_values=1))[0]


@pytest.mark.parametrize(
    ("r", "d", "count", "size"),
    [
        (1, 0, 1000, GapSize.NONE),
        (1.49, 0.49, 1000, GapSize.NONE),
        (1.51, 0, 1000, GapSize.NOTABLE),
        (1 / 1.51, 0, 1000, GapSize.NOTABLE),
        (1.51, 0, 100, GapSize.NONE),
        (1, -0.51, 1000, GapSize.NOTABLE),
        (1, 0.51, 100, GapSize.NONE),
        (1, 0.9, 40, GapSize.NONE),
        (1, 0.9, 50, GapSize.NOTABLE),
        (3.1, 0, 2, GapSize.LARGE),
        (1 / 3.1, 0, 2, GapSize.LARGE),
        (1, -5.1, 2, GapSize.LARGE),
        (np.nan, 0, 1000, GapSize.LARGE),
        (0, 0, 1000, GapSize.LARGE),
        (np.inf, 0, 1000, GapSize.LARGE),
        (1, 0.6, np.nan, GapSize.NOTABLE),
        (1.6, 0, np.nan, GapSize.NOTABLE),
    ],
)
def test_a_gap_has_the_size_that_the_limits_say(r: float, d: float, count: float, size: GapSize) -> None:
    assert size_of(r, d, count) is size


def test_of_an_empty_batch_there_is_nothing_to_compare() -> None:
    gap = TrainEvalGap(*(np.full(2, np.nan) for _ in range(5)), num_values=0)
    assert gap_sizes(gap) == (GapSize.NO_VALUES,) * 2


@pytest.mark.parametrize("count", [20, 60])
def test_six_standard_errors_are_those_of_samples_of_the_normal_distribution(count: int) -> None:
    samples = np.random.default_rng(0).normal(size=(20_000, count))
    for judged, errors in (
        (notable_shifts, samples.mean(axis=1)),
        (notable_ratios, np.log(samples.std(axis=1, ddof=1))),
    ):
        limit = CHANCE_Z * errors.std()
        beyond = judged(np.array([0.9 * limit, 1.1 * limit]), np.full(2, float(count)))
        assert beyond.tolist() == [False, True]

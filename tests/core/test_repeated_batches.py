from __future__ import annotations

import numpy as np

from bncli.core.repeated_batches import RepeatedBatches
from tests.core.test_recorded_batches import recorded, unequal_batches

ONCE = recorded(*unequal_batches())
REPEATED = RepeatedBatches(ONCE, np.array([1, 3, 2, 1]))


def test_each_batch_comes_as_often_as_asked_for_and_then_the_first_again() -> None:
    (stream,) = REPEATED.stream([9], 9)
    np.testing.assert_array_equal(stream.mean, ONCE.batches.mean[[0, 1, 1, 1, 2, 2, 3, 0, 1]])


def test_the_stream_depends_on_neither_its_blocks_nor_its_start() -> None:
    (whole,) = REPEATED.stream([20], 20)
    parts = np.concatenate([block.mean for block in REPEATED.stream([3, 10, 7], 20)])
    np.testing.assert_array_equal(parts, whole.mean)
    (later,) = REPEATED.stream([12], 20, 8)
    np.testing.assert_array_equal(later.mean, whole.mean[8:])


def test_the_population_is_that_of_the_batches_once_each() -> None:
    np.testing.assert_array_equal(REPEATED.population(1).var, ONCE.population(1).var)
    np.testing.assert_array_equal(REPEATED.between_fraction(), ONCE.between_fraction())
    np.testing.assert_array_equal(REPEATED.noise(1).mean_var, ONCE.noise(1).mean_var)
    assert (REPEATED.num_features, REPEATED.num_recorded) == (3, 7)
    assert REPEATED.course(np.arange(4), 4).scale.tolist() == [1, 1, 1, 1]

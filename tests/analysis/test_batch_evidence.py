from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from bncli.analysis.batch_evidence import PoisonedBatch, batch_evidence
from bncli.core.running_statistics import RunningStatistics
from tests.core.test_recorded_layer import recorded, rows_of

RNG = np.random.default_rng(0)
BATCHES = [RNG.normal(1, 2, (count, 3, 5)) for count in (8, 4, 8)]


def test_the_population_is_that_of_all_batches() -> None:
    seen = batch_evidence(recorded(rows_of(BATCHES)))
    everything = np.concatenate(BATCHES)
    np.testing.assert_allclose(seen.mean, everything.mean((0, 2)), rtol=1e-14)
    np.testing.assert_allclose(seen.biased_var, everything.var((0, 2)), rtol=1e-14)
    means = np.array([batch.mean((0, 2)) for batch in BATCHES])
    np.testing.assert_allclose(seen.between_fraction, means.var(0, ddof=1) / everything.var((0, 2)))


def test_the_smallest_batches_of_train_mode_are_counted() -> None:
    rows = rows_of(BATCHES)
    seen = batch_evidence(recorded(rows))
    assert (seen.fewest_values, seen.num_fewest, seen.num_training) == (20, 1, 3)
    seen = batch_evidence(recorded(replace(rows, is_training=np.array([True, False, True]))))
    assert (seen.fewest_values, seen.num_fewest, seen.num_training) == (40, 2, 2)
    seen = batch_evidence(recorded(replace(rows, is_training=np.zeros(3, np.bool_))))
    assert (seen.fewest_values, seen.num_training) == (None, 0)


def test_of_a_training_loop_with_validation_only_the_training_is_the_population() -> None:
    validation = BATCHES[1] + 9
    validation[0, 1, 0] = np.nan
    seen = batch_evidence(recorded(rows_of([BATCHES[0], validation, BATCHES[2]], [True, False, True])))
    alone = batch_evidence(recorded(rows_of([BATCHES[0], BATCHES[2]])))
    np.testing.assert_array_equal([seen.mean, seen.biased_var], [alone.mean, alone.biased_var])
    assert (seen.num_batches, seen.num_left_out, alone.num_left_out) == (2, 1, 0)
    assert seen.poisoned == (PoisonedBatch(1, (1,)),)


def test_of_the_training_that_led_to_the_layer_only_the_last_batches_count() -> None:
    early, late = [RNG.normal(5, 2, (8, 3, 5)) for _ in range(60)], [RNG.normal(0, 2, (8, 3, 5)) for _ in range(20)]
    start, end = (RunningStatistics(np.zeros(3), np.ones(3), counter) for counter in (0, 80))
    training = replace(recorded(rows_of(early + late)), start=start, end=end)
    seen, alone = batch_evidence(training, 80), batch_evidence(recorded(rows_of(late)))
    assert (seen.is_of_training, seen.num_batches, seen.num_training) == (True, 20, 80)
    np.testing.assert_array_equal([seen.mean, seen.biased_var], [alone.mean, alone.biased_var])
    other = batch_evidence(training, 300)
    assert (other.is_of_training, other.num_batches) == (False, 80)


def test_of_a_short_training_twenty_batches_count() -> None:
    start, end = (RunningStatistics(np.zeros(3), np.ones(3), counter) for counter in (0, 30))
    training = replace(recorded(rows_of([RNG.normal(0, 2, (8, 3, 5)) for _ in range(30)])), start=start, end=end)
    assert batch_evidence(training, 30).num_batches == 20
    few = replace(training, rows=training.rows.chosen(np.arange(5)))
    assert batch_evidence(few, 30).num_batches == 5


def like_pictures(num_batches: int, num_samples: int) -> list[np.ndarray[Any, Any]]:
    """Return batches of which a third of the variance is between samples: 8 positions are worth 2.4."""
    shape = (num_samples, 5, 1)
    return [RNG.normal(0, 1, shape) + RNG.normal(0, 2**0.5, (*shape[:2], 8)) for _ in range(num_batches)]


@pytest.mark.parametrize("num_samples", [2, 8])
def test_independent_values_are_those_whose_mean_would_scatter_as_the_means_of_samples_do(num_samples: int) -> None:
    seen = batch_evidence(recorded(rows_of(like_pictures(1000, num_samples))))
    assert seen.num_samples == num_samples
    assert seen.independent_values == pytest.approx(num_samples * 3 / (1 + 2 / 8), rel=0.05)


def test_a_batch_is_worth_its_samples_at_least_and_its_values_at_most() -> None:
    alike = [np.repeat(RNG.normal(size=(2, 5, 1)), 8, axis=2) for _ in range(9)]
    assert batch_evidence(recorded(rows_of(alike))).independent_values == pytest.approx(2, rel=1e-6)
    centred = [batch - batch.mean(2)[..., None] for batch in like_pictures(9, 2)]
    assert batch_evidence(recorded(rows_of(centred))).independent_values == pytest.approx(16)


def test_batches_of_eval_mode_of_one_sample_or_without_spread_tell_no_number_of_independent_values() -> None:
    constant = [np.ones((2, 3, 4))]
    for batches, is_training in ((like_pictures(3, 2), False), (like_pictures(3, 1), True), (constant, True)):
        assert np.isnan(batch_evidence(recorded(rows_of(batches, is_training))).independent_values)
    with_a_last_one = rows_of([*like_pictures(100, 2), *like_pictures(1, 1)])
    assert batch_evidence(recorded(with_a_last_one)).independent_values == pytest.approx(4.8, rel=0.2)


def test_batches_that_are_not_finite_are_listed_and_left_out() -> None:
    broken = [BATCHES[0], BATCHES[1].copy(), BATCHES[2]]
    broken[1][0, 1, 0] = np.nan
    seen = batch_evidence(recorded(rows_of(broken)))
    assert seen.poisoned == (PoisonedBatch(1, (1,)),)
    assert seen.num_batches == 2
    expected = np.concatenate([BATCHES[0], BATCHES[2]]).mean((0, 2))
    np.testing.assert_allclose(seen.mean, expected, rtol=1e-14)


@pytest.mark.parametrize("num_batches", [0, 1])
def test_what_few_batches_cannot_tell_is_not_a_number(num_batches: int) -> None:
    broken = np.full((4, 3, 5), np.nan)
    seen = batch_evidence(recorded(rows_of([broken, *BATCHES[:num_batches]])))
    assert np.isnan(seen.between_fraction).all()
    assert np.isnan(seen.mean).all() == (num_batches == 0)

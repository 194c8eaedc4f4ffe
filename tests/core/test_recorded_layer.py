from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from bncli.core.recorded_layer import BatchRows, RecordedLayer, pooled
from bncli.core.running_statistics import RunningStatistics


def rows_of(batches: list[np.ndarray[Any, Any]], is_training: bool | list[bool] = True) -> BatchRows:
    """Return the rows of batches of shape (N, C, S), by plain formulas."""
    return BatchRows(
        step=np.arange(len(batches)),
        num_values=np.array([batch.shape[0] * batch.shape[2] for batch in batches]),
        num_samples=np.array([len(batch) for batch in batches]),
        is_training=np.full(len(batches), is_training),
        mean=np.array([batch.mean((0, 2)) for batch in batches]),
        mean_error=np.zeros((len(batches), batches[0].shape[1]), np.float32),
        biased_var=np.array([batch.var((0, 2)) for batch in batches]),
        sample_mean_var=np.array([batch.mean(2).var(0) for batch in batches], np.float32),
    )


def recorded(rows: BatchRows) -> RecordedLayer:
    return RecordedLayer("bn", "BatchNorm2d", rows.num_features, 1e-5, 0.1, 0, None, None, rows)


RNG = np.random.default_rng(0)
BATCHES = [RNG.normal(shift, 2, (count, 3, 10)) for shift, count in ((0, 8), (1, 5), (4, 1), (2, 12))]


def test_pooled_moments_are_those_of_all_values_together() -> None:
    everything = np.concatenate(BATCHES)
    moments = recorded(rows_of(BATCHES)).pooled
    np.testing.assert_allclose(moments.mean, everything.mean((0, 2)), rtol=1e-14)
    np.testing.assert_allclose(moments.biased_var, everything.var((0, 2)), rtol=1e-14)


def counting(first: int | None, last: int | None) -> RecordedLayer:
    """Return a recording over which the layer counted from one number to another."""
    start, end = (
        None if counter is None else RunningStatistics(np.zeros(3), np.ones(3), counter) for counter in (first, last)
    )
    return replace(recorded(rows_of(BATCHES)), start=start, end=end)


def test_passes_led_to_a_layer_that_counts_as_many_updates_as_they_ended_with() -> None:
    assert counting(0, 4).led_to(4)
    assert counting(96, 100).led_to(100)
    assert not counting(4, 8).led_to(4)
    assert not counting(0, 4).led_to(8)
    assert not counting(4, 4).led_to(4)
    assert not counting(0, 4).led_to(None)
    assert not counting(None, 4).led_to(4)
    assert not counting(0, None).led_to(0)


def test_the_order_of_batches_and_their_division_into_recordings_leave_every_bit() -> None:
    together = pooled([rows_of(BATCHES)])
    for parts in ([BATCHES[::-1]], [BATCHES[:1], BATCHES[1:]], [[batch] for batch in BATCHES]):
        other = pooled([rows_of(part) for part in parts])
        assert (other.mean.tobytes(), other.m2.tobytes()) == (together.mean.tobytes(), together.m2.tobytes())


def test_values_that_are_independent_all_count() -> None:
    rows = rows_of([RNG.normal(size=(2000, 1, 10))])
    assert rows.effective_count()[0, 0] == pytest.approx(20_000, rel=0.1)


def test_positions_that_repeat_each_other_count_once() -> None:
    rows = rows_of([np.repeat(RNG.normal(size=(2000, 1, 1)), 10, axis=2)])
    assert rows.effective_count()[0, 0] == pytest.approx(2000, rel=1e-3)


def test_samples_of_equal_means_make_all_values_count_and_a_single_sample_tells_nothing() -> None:
    alike = np.tile([[[-1.0, 1.0]]], (4, 1, 1))
    assert rows_of([alike]).effective_count()[0, 0] == 8
    assert np.isnan(rows_of([alike[:1]]).effective_count()).all()


def test_running_averages_see_unbiased_variances_and_no_batch_of_one_value() -> None:
    batches = [BATCHES[0], BATCHES[0][:1, :, :1], BATCHES[1]]
    statistics = recorded(rows_of(batches)).batch_statistics()
    assert statistics.num_values.tolist() == [80, 50]
    np.testing.assert_allclose(statistics.var[1], BATCHES[1].var((0, 2), ddof=1), rtol=1e-14)


@pytest.mark.parametrize(
    ("is_training", "chosen"),
    [
        ([True, False, True, False], [0, 2]),
        ([True] * 4, [0, 1, 2, 3]),
        ([False] * 4, [0, 1, 2, 3]),
    ],
)
def test_batches_of_train_mode_speak_for_the_layer_and_others_only_where_there_are_none(
    is_training: list[bool], chosen: list[int]
) -> None:
    layer = recorded(rows_of(BATCHES, is_training))
    assert layer.training_rows.step.tolist() == chosen
    assert layer.num_left_out == 4 - len(chosen)
    expected = np.array([BATCHES[index].mean((0, 2)) for index in chosen])
    np.testing.assert_array_equal(layer.training_rows.mean, expected)
    np.testing.assert_array_equal(layer.batch_statistics().mean, expected)


def test_a_row_is_finite_in_the_channels_whose_mean_and_variance_both_are() -> None:
    rows = rows_of(BATCHES[:2])
    rows.mean[0, 1], rows.biased_var[1, 2] = np.nan, np.inf
    assert rows.is_finite.tolist() == [[True, False, True], [True, True, False]]

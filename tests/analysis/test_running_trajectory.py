"""Tests of the running statistics in the course of a run."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bncli.analysis import running_trajectory
from bncli.analysis.running_trajectory import AverageDtype, Trajectory, TrajectorySettings, trajectory
from bncli.core.batch_statistics import BatchStatistics
from bncli.core.gaussian_batches import GaussianBatches
from bncli.core.recorded_batches import RecordedBatches
from bncli.core.running_statistics import RunningStatistics, fresh, update

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MOMENTA = (0.1, 0.003, 1.0, None)

DTYPES: list[AverageDtype] = ["float64", "float32", "bfloat16", "float16"]


def source(num_features: int = 2) -> GaussianBatches:
    return GaussianBatches(np.linspace(3, -1, num_features), np.linspace(2, 0.5, num_features), batch_size=8)


def followed(num_steps: int, num_features: int = 2, **changed: object) -> Trajectory:
    settings = TrajectorySettings(MOMENTA, num_steps, fresh(num_features), **changed)  # type: ignore[arg-type]
    return trajectory(source(num_features), settings)


def stepped(num_steps: int, momentum: float | None, ddof: int = 1) -> list[RunningStatistics]:
    """The run step by step, with the update that a training layer makes."""
    (block,) = source().stream([num_steps], num_steps)
    running, all_of_them = fresh(2), []
    for mean, var in zip(block.mean, block.var_with(ddof), strict=True):
        running = update(running, mean, var, momentum)
        all_of_them.append(running)
    return all_of_them


@pytest.mark.parametrize("ddof", [0, 1])
@pytest.mark.parametrize("num_steps", [1, 7, 256, 257, 1000])
def test_every_kept_step_is_that_of_the_step_by_step_run(num_steps: int, ddof: int) -> None:
    path = followed(num_steps, ddof=ddof)
    for index, momentum in enumerate(MOMENTA):
        expected = stepped(num_steps, momentum, ddof)
        kept = [expected[step - 1] for step in path.steps]
        np.testing.assert_allclose(path.mean[:, index], [each.mean for each in kept], rtol=1e-12, atol=1e-13)
        np.testing.assert_allclose(path.var[:, index], [each.var for each in kept], rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("num_steps", [1, 300, 1009])
def test_the_last_step_is_kept_and_few_others_of_a_long_run(num_steps: int, dtype: AverageDtype) -> None:
    steps = followed(num_steps, dtype=dtype).steps
    assert steps[-1] == num_steps
    assert len(steps) <= 257
    assert (np.diff(steps) > 0).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_run_that_keeps_every_step_ends_where_one_that_does_not_ends(dtype: AverageDtype) -> None:
    every, some = (followed(1500, dtype=dtype, kept_steps=kept) for kept in ("all", "sampled"))
    assert every.steps.tolist() == list(range(1, 1501))
    np.testing.assert_allclose(every.values[-1], some.values[-1], rtol=1e-12)
    np.testing.assert_allclose(every.values[some.steps - 1], some.values, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("block_elements", [2, 64])
@pytest.mark.parametrize("num_steps", [255, 1003])
def test_values_do_not_depend_on_the_blocks(
    num_steps: int, block_elements: int, dtype: AverageDtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blocks of one step, of part of a stride, of several strides."""
    whole = followed(num_steps, dtype=dtype)
    monkeypatch.setattr(running_trajectory, "_BLOCK_ELEMENTS", block_elements)
    parts = followed(num_steps, dtype=dtype)
    np.testing.assert_array_equal(parts.steps, whole.steps)
    np.testing.assert_allclose(parts.values, whole.values, rtol=1e-12, atol=1e-13)
    if whole.changes is not None:
        assert parts.changes is not None
        np.testing.assert_array_equal(parts.changes.counts, whole.changes.counts)
        np.testing.assert_array_equal(parts.changes.last_steps, whole.changes.last_steps)


def test_low_precision_stays_near_the_exact_run() -> None:
    exact, single = followed(1000).values, followed(1000, dtype="float32").values
    np.testing.assert_allclose(single, exact, rtol=1e-4, atol=1e-4)
    assert single.dtype == np.float32


def test_the_steps_that_moved_a_value_are_counted() -> None:
    path = followed(1000, dtype="bfloat16", kept_steps="all")
    before = np.broadcast_to(np.array([0.0, 1.0])[:, None], path.values.shape[1:])
    is_moved = np.diff(np.concatenate([before[None], path.values]), axis=0) != 0
    assert path.changes is not None
    np.testing.assert_array_equal(path.changes.counts, is_moved.sum(axis=0))
    steps = np.arange(1, 1001)[:, None, None, None]
    np.testing.assert_array_equal(path.changes.last_steps, (is_moved * steps).max(axis=0))


def test_nothing_is_lost_in_double_precision() -> None:
    assert followed(10).changes is None


def test_initial_values_are_where_the_run_starts() -> None:
    start = RunningStatistics(np.array([7.0, -7.0]), np.array([9.0, 0.25]), 0)
    path = trajectory(source(), TrajectorySettings((0.0,), 5, start))
    np.testing.assert_array_equal(path.mean[-1, 0], start.mean)
    np.testing.assert_array_equal(path.var[-1, 0], start.var)


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-12), ("float32", 1e-5)])
@pytest.mark.parametrize("counter", [0, 7, 30.5])
def test_the_cumulative_average_goes_on_from_the_counter(counter: float, dtype: AverageDtype, tolerance: float) -> None:
    start = RunningStatistics(np.array([7.0, -7.0]), np.array([9.0, 0.25]), counter)
    path = trajectory(source(), TrajectorySettings((None,), 300, start, dtype=dtype))
    running = start
    (block,) = source().stream([300], 300)
    for mean, var in zip(block.mean, block.var, strict=True):
        running = update(running, mean, var, None)
    np.testing.assert_allclose(path.mean[-1, 0], running.mean, rtol=tolerance)
    np.testing.assert_allclose(path.var[-1, 0], running.var, rtol=tolerance)
    if path.changes is not None:
        assert path.changes.last_steps.max() <= 300


@pytest.mark.parametrize("counter", [None, -3, float("nan"), float("inf"), 2**70])
@pytest.mark.parametrize("dtype", DTYPES)
def test_what_is_no_count_is_taken_for_none(counter: float | None, dtype: AverageDtype) -> None:
    start = RunningStatistics(np.array([7.0, -7.0]), np.array([9.0, 0.25]), counter)
    settings = TrajectorySettings((None,), 20, start, dtype=dtype)
    new = replace(settings, initial=replace(start, num_batches_tracked=0))
    np.testing.assert_array_equal(trajectory(source(), settings).values, trajectory(source(), new).values)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_last_step_alone_is_that_of_the_whole_run(dtype: AverageDtype) -> None:
    last, every = (followed(5000, dtype=dtype, kept_steps=kept) for kept in ("last", "all"))
    assert last.steps.tolist() == [5000]
    np.testing.assert_allclose(last.values[0], every.values[-1], rtol=1e-13)


class CountedSteps(GaussianBatches):
    """Remembers how many steps were asked for."""

    num_asked = 0

    def stream(self, lengths: Iterable[int], num_steps: int, first: int = 0) -> Iterator[BatchStatistics]:
        for block in super().stream(lengths, num_steps, first):
            CountedSteps.num_asked += len(block)
            yield block


@pytest.mark.parametrize(("momenta", "num_asked"), [((0.1,), 395), ((0.1, 0.01), 4139), ((0.1, None), 10_000)])
def test_of_a_long_run_only_the_steps_are_taken_that_weigh_something(
    momenta: tuple[float | None, ...], num_asked: int
) -> None:
    CountedSteps.num_asked = 0
    batches = CountedSteps(np.array([3.0]), np.array([2.0]), batch_size=8)
    shared = TrajectorySettings(momenta, 10_000, fresh(1), kept_steps="last")
    last = trajectory(batches, shared)
    assert CountedSteps.num_asked == num_asked
    every = trajectory(batches, replace(shared, kept_steps="all"))
    np.testing.assert_allclose(last.values[-1], every.values[-1], rtol=1e-13)


@pytest.mark.parametrize("broken", [np.nan, np.inf, 1e300])
def test_a_recording_is_taken_with_its_broken_and_its_huge_values_wherever_they_lie(broken: float) -> None:
    mean = np.ones((5000, 2))
    mean[3, 0] = broken
    source = RecordedBatches(BatchStatistics(np.full(5000, 8), mean, np.ones((5000, 2))))
    shared = TrajectorySettings((0.1,), 18_000, fresh(2), kept_steps="last")
    last, every = trajectory(source, shared), trajectory(source, replace(shared, kept_steps="all"))
    np.testing.assert_allclose(last.mean[-1], every.mean[-1], rtol=1e-12)


def test_the_initial_value_keeps_its_weight_where_steps_are_skipped() -> None:
    far = RunningStatistics(np.array([1e200]), np.array([1e200]), 0)
    shared = TrajectorySettings((0.1,), 2000, far, kept_steps="last")
    last, every = trajectory(source(1), shared), trajectory(source(1), replace(shared, kept_steps="all"))
    np.testing.assert_allclose(last.values[-1], every.values[-1], rtol=1e-12)

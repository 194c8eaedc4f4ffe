"""Tests of what a reader of a simulation is told beside the numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bncli.core.batch_statistics import BatchStatistics
from bncli.core.recorded_batches import RecordedBatches
from bncli.reports.simulation_notes import notes
from tests.helpers.simulations import study, synthetic

if TYPE_CHECKING:
    from bncli.analysis.momentum_study import MomentumStudy


def texts(finished: MomentumStudy) -> list[str]:
    return [note.text for note in notes(finished)]


def recorded(mean: list[list[float]], var: list[list[float]]) -> RecordedBatches:
    return RecordedBatches(BatchStatistics(np.full(len(mean), 16), np.array(mean), np.array(var)))


def test_a_plain_run_needs_no_note() -> None:
    assert texts(study()) == []
    assert texts(study(dtype="float32")) == []


def test_variance_between_batches_is_told_with_its_channel() -> None:
    (text,) = texts(study(source=recorded([[0.0, 0.0], [0.1, 9.0], [0.0, 18.0]], [[1.0, 1.0]] * 3)))
    assert "of the variance of channel 1 lies between batches" in text


def test_sorted_classes_are_told() -> None:
    (text,) = texts(study(source=synthetic(scenario="class-sorted")))
    assert text.startswith("89%")


def test_broken_batches_are_told_with_their_channels() -> None:
    (text,) = texts(study(source=recorded([[0.0, np.nan, np.inf]], [[1.0, np.nan, np.nan]])))
    assert "channel 1, 2:" in text


def test_only_the_first_of_many_broken_channels_are_named() -> None:
    (text,) = texts(study(source=recorded([[np.nan] * 40], [[np.nan] * 40])))
    assert "0, 1, 2, 3, 4, 5 and 34 more:" in text


def test_a_buffer_that_loses_its_updates_is_told_with_momentum_and_dtype() -> None:
    constant = recorded([[3.5]], [[0.5]])
    finished = study(0.001, source=constant, num_steps=4000, dtype="bfloat16", kept_steps="all")
    mean, var = texts(finished)
    assert mean.startswith("Momentum 0.001, bfloat16 running mean: ")
    assert var.startswith("Momentum 0.001, bfloat16 running variance: 100% of the updates of channel 0 were lost")
    assert var.endswith("of the buffer's numbers, and it stands still since the start.")
    last_move = np.flatnonzero(np.diff(finished.trajectory.mean[:, 0, 0], prepend=0))[-1] + 1
    assert mean.endswith(f", and it stands still since step {last_move}.")


def test_channels_that_stand_still_are_counted_with_the_first_step_of_it() -> None:
    mixed = recorded([[3.5, 0.0], [3.5, 1.0]], [[1.0, 1.0]] * 2)
    mean, *_ = texts(study(0.01, source=mixed, num_steps=4000, dtype="bfloat16"))
    assert "; 1 of 2 channels stand still, the first since step " in mean


def test_a_buffer_that_loses_few_updates_is_not_told() -> None:
    assert texts(study(0.1, num_steps=300, dtype="bfloat16")) == []

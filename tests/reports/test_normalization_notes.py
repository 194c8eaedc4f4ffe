"""Tests of what is said beneath the tables of a normalization."""

from __future__ import annotations

from typing import Any

import numpy as np

from bncli.analysis.input_tensor import input_tensor
from bncli.analysis.normalization_run import RunSettings, run
from bncli.core.normalization import BatchNorm
from bncli.core.running_statistics import RunningStatistics, fresh
from bncli.reports.normalization_notes import normalization_notes
from tests.helpers.builders import ArraysInMemory

TRAINING = RunSettings("train", 1)


def notes_on(x: np.ndarray[Any, Any], layer: BatchNorm | None = None, settings: RunSettings = TRAINING) -> str:
    tensor = input_tensor(ArraysInMemory({"x": x}))
    layer = layer or BatchNorm(x.shape[1], running=fresh(x.shape[1]))
    return "\n".join(note.text for note in normalization_notes(run(tensor, layer, settings)))


def test_ordinary_values_call_for_no_note() -> None:
    assert notes_on(np.random.default_rng(0).standard_normal((9, 3, 5))) == ""


def test_values_that_are_not_finite_are_counted_and_their_channels_named() -> None:
    x = np.zeros((4, 3, 5), np.float32)
    x[0, 1, :2] = np.nan
    x[2, 2, 0] = np.inf
    text = notes_on(x)
    assert "3 input values are NaN or infinite, in channels 1, 2" in text
    assert "beyond" not in text


def test_a_variance_beyond_float64_is_told_apart_from_infinite_values() -> None:
    x = np.random.default_rng(0).standard_normal((9, 3, 5))
    x[:, 1] *= 1e200
    assert "The variance of channel 1 is above the largest float64" in notes_on(x)


def test_an_output_beyond_its_type_is_told() -> None:
    x = np.random.default_rng(0).standard_normal((9, 2, 5)).astype(np.float16)
    assert "Outputs of channel 1 are beyond the range of float16" in notes_on(
        x, BatchNorm(2, weight=np.array([1.0, 1e6]), running=fresh(2))
    )


def test_statistics_that_are_not_finite_are_no_range_that_an_output_left() -> None:
    x = np.random.default_rng(0).standard_normal((9, 4)).astype(np.float32)
    mean = np.array([np.nan, -np.inf, np.inf, 0.0])
    layer = BatchNorm(4, running=RunningStatistics(mean, np.array([1.0, np.inf, 1.0, np.nan]), 1))
    assert notes_on(x, layer, RunSettings("eval", 0)) == ""


def test_many_channels_are_named_in_part() -> None:
    assert "channels 0, 1, 2, 3, 4, 5 and 14 more" in notes_on(np.full((3, 20), np.nan, np.float32))


def test_shapes_that_call_for_attention_are_told() -> None:
    assert "The batch is empty" in notes_on(np.empty((0, 3, 5), np.float32))
    assert "both have length 4" in notes_on(np.random.default_rng(0).standard_normal((9, 4, 4)))
    assert "tracks no running statistics" in notes_on(np.zeros((9, 4)), BatchNorm(4))

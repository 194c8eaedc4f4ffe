"""Tests of the report on an array."""

from __future__ import annotations

from typing import Any

import numpy as np

from bncli.analysis.input_tensor import input_tensor
from bncli.analysis.tensor_statistics import tensor_statistics
from bncli.reports.arrangement import Arrangement
from bncli.reports.document import Document, Table
from bncli.reports.tensor import tensor_document
from tests.helpers.builders import ArraysInMemory


def report(x: np.ndarray[Any, Any], arrangement: Arrangement | None = None) -> Document:
    statistics = tensor_statistics(input_tensor(ArraysInMemory({"x": x})), 1)
    return tensor_document(statistics, arrangement or Arrangement())


def test_the_record_holds_the_statistics_of_every_channel() -> None:
    x = np.random.default_rng(0).normal(size=(4, 3, 5)).astype(np.float32)
    record = report(x).record
    assert (record["shape"], record["dtype"], record["channel_axis"], record["count"]) == ([4, 3, 5], "float32", 1, 20)
    np.testing.assert_allclose(record["channels"]["unbiased_var"], x.astype(float).var(axis=(0, 2), ddof=1))
    np.testing.assert_array_equal(record["channels"]["min"], x.min(axis=(0, 2)))


def test_rows_are_sorted_and_cut_in_the_record_too_which_keeps_every_column() -> None:
    x = np.arange(24, dtype=np.float64).reshape(2, 3, 4)
    document = report(x, Arrangement(sort="-mean", top=2, columns=("channel", "mean")))
    table = document.blocks[1]
    assert isinstance(table, Table)
    assert [row[0] for row in table.rows] == [2, 1]
    assert table.footer == "2 of 3 channels"
    assert document.record["channels"]["channel"] == [2, 1]
    assert document.record["channels"]["min"] == [8, 4]


def test_the_worst_channels_are_those_with_values_that_are_not_finite() -> None:
    x = np.ones((2, 3, 2))
    x[0, 2, 1] = np.nan
    table = report(x, Arrangement(top=1)).blocks[1]
    assert isinstance(table, Table)
    assert table.rows[0][0] == 2

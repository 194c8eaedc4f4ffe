"""Tests of the tables of a normalization: the numbers of a result, under the right headings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bncli.analysis.input_tensor import input_tensor
from bncli.analysis.normalization_run import RunSettings, gap, run
from bncli.analysis.torch_deviation import torch_deviation
from bncli.core.normalization import BatchNorm
from bncli.core.running_statistics import fresh
from bncli.reports.normalization_tables import channel_table, deviation_table, gap_table, running_table
from tests.helpers.builders import ArraysInMemory

if TYPE_CHECKING:
    from bncli.analysis.normalization_run import NormalizationResult
    from bncli.reports.document import Table

X = np.random.default_rng(0).normal(2, 3, (8, 3, 5)).astype(np.float32)


def result_in(mode: Any) -> NormalizationResult:
    tensor = input_tensor(ArraysInMemory({"x": X}))
    return run(tensor, BatchNorm(3, running=fresh(3)), RunSettings(mode, 1))


def column(table: Table, key: str) -> list[Any]:
    index = [each.key for each in table.columns].index(key)
    return [row[index] for row in table.rows]


def test_the_channel_table_shows_what_is_used_only_where_it_is_not_the_batchs() -> None:
    train, evaluation = channel_table(result_in("train")), channel_table(result_in("eval"))
    assert column(train, "channel") == [0, 1, 2]
    np.testing.assert_allclose(column(train, "input_mean"), X.mean((0, 2), dtype=float))
    np.testing.assert_allclose(column(train, "input_biased_var"), X.var((0, 2), dtype=float))
    assert "used_mean" not in {each.key for each in train.columns}
    np.testing.assert_allclose(column(evaluation, "used_mean"), 0.1 * X.mean((0, 2), dtype=float))


def test_running_statistics_stand_before_and_after() -> None:
    result = result_in("train")
    assert result.before.running is not None
    assert result.after.running is not None
    table = running_table(result.before.running, result.after.running)
    assert column(table, "running_mean_before") == [0, 0, 0]
    np.testing.assert_allclose(column(table, "running_var_after"), 0.9 + 0.1 * X.var((0, 2), ddof=1, dtype=float))


def test_the_gap_stands_beside_the_statistics_it_comes_from() -> None:
    result = result_in("train")
    found = gap(result)
    table = gap_table(found, result)
    assert column(table, "running_mean") == [0, 0, 0]
    assert column(table, "r") == found.r.tolist()


def test_every_distance_of_torch_has_its_cause() -> None:
    found = torch_deviation(result_in("train"))
    table = deviation_table(found)
    assert column(table, "cause") == [str(cause) for cause in found.causes]
    assert column(table, "output_ulp") == found.output_ulp.tolist()

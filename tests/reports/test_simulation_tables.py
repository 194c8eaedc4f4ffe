"""Tests of the tables of a simulation."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bncli.reports.simulation_tables import closed_form_table, final_table, momentum_label, part_table
from tests.helpers.simulations import study, synthetic

if TYPE_CHECKING:
    from bncli.reports.document import Table


def column(table: Table, key: str) -> list[object]:
    index = [column.key for column in table.columns].index(key)
    return [row[index] for row in table.rows]


@pytest.mark.parametrize(("momentum", "label"), [(0.1, "0.1"), (1e-4, "0.0001"), (1.0, "1"), (None, "cumulative")])
def test_a_momentum_is_written_as_it_was_given(momentum: float | None, label: str) -> None:
    assert momentum_label(momentum) == label


def test_each_momentum_and_channel_has_a_row() -> None:
    finished = study(0.1, None)
    table = final_table(finished)
    assert column(table, "momentum") == ["0.1", "0.1", "cumulative", "cumulative"]
    assert column(table, "channel") == [0, 1, 0, 1]
    assert column(table, "final_mean") == [*finished.runs[0].final_mean, *finished.runs[1].final_mean]
    assert column(table, "population_var") == [4, 0.25, 4, 0.25]


def test_errors_are_in_units_of_the_population() -> None:
    finished = study(0.01)
    table = final_table(finished)
    run, population = finished.runs[0], finished.population
    np.testing.assert_allclose(column(table, "mean_error"), (run.final_mean - population.mean) / [2, 0.5])
    np.testing.assert_allclose(column(table, "var_error"), run.final_var / population.var - 1)
    np.testing.assert_allclose(column(table, "mean_error_initial"), 0.99**100 * np.array([-3 / 2, 1 / 0.5]))


def test_a_population_without_spread_has_no_unit_for_an_error() -> None:
    table = final_table(study(0.1, source=synthetic((3.0,), (0.0,))))
    assert all(math.isnan(float(str(error))) for error in column(table, "mean_error") + column(table, "var_error"))


def test_many_channels_are_summed_up_by_momentum() -> None:
    rng = np.random.default_rng(0)
    finished = study(0.1, 0.01, source=synthetic(rng.normal(0, 3, 40), rng.uniform(0.5, 2, 40)))
    table = final_table(finished)
    assert column(table, "momentum") == ["0.1", "0.01"]
    assert "40 channels" in table.footer
    for row, run in enumerate(finished.runs):
        errors = (run.final_mean - finished.population.mean) / np.sqrt(finished.population.var)
        assert column(table, "mean_rms")[row] == pytest.approx(np.sqrt(np.mean(errors**2)))
        worst = int(np.argmax(np.abs(errors)))
        assert column(table, "mean_worst_channel")[row] == worst
        assert column(table, "mean_worst")[row] == pytest.approx(errors[worst])


def test_the_summary_leaves_out_channels_without_spread() -> None:
    table = final_table(study(0.1, source=synthetic([1.0] * 20, [0.0] + [1.0] * 19)))
    assert math.isfinite(float(str(column(table, "var_rms")[0])))
    nothing = final_table(study(0.1, source=synthetic([1.0] * 20, [0.0] * 20)))
    assert column(nothing, "var_worst_channel") == [None]


def test_the_parts_of_a_single_channel_add_up_with_their_signs() -> None:
    table = part_table(study(0.02, source=synthetic((3.0,), (2.0,), scenario="drift")))
    assert column(table, "statistic") == ["mean", "var"]
    parts = np.array([column(table, key) for key in ("initial", "lag", "noise")], float)
    np.testing.assert_allclose(parts.sum(axis=0), np.array(column(table, "error"), float))
    assert (parts[1] != 0).all()


def test_the_parts_of_several_channels_are_root_mean_squares() -> None:
    finished = study(0.02)
    table, (run,) = part_table(finished), finished.runs
    assert column(table, "noise")[0] == pytest.approx(np.sqrt(np.mean((run.mean_error.noise / [2, 0.5]) ** 2)))
    assert column(table, "initial")[1] == pytest.approx(np.sqrt(np.mean((run.var_error.initial / [4, 0.25]) ** 2)))


def test_the_closed_forms_have_a_row_for_each_momentum() -> None:
    table = closed_form_table(study(0.1, 0.01, None, num_steps=44))
    assert column(table, "effective_batches") == [19, 199, 44]
    assert column(table, "steps_to_1_percent") == [44, 459, 1]
    assert column(table, "decay") == [0.9, 0.99, None]


def test_no_two_columns_have_the_same_key() -> None:
    finished = study()
    for table in (
        final_table(finished),
        closed_form_table(finished),
        final_table(study(source=synthetic([1.0] * 20, [1.0] * 20))),
    ):
        keys = [column.key for column in table.columns]
        assert len(set(keys)) == len(keys)

"""Tests of a simulation as a record for programs."""

from __future__ import annotations

import numpy as np

from bncli.reports.reported_simulation import BatchOrigin
from bncli.reports.simulation_record import simulation_record
from tests.helpers.simulations import report, study, synthetic


def test_each_run_holds_its_closed_forms_and_final_values() -> None:
    finished = study(0.01, num_steps=50)
    (run,) = simulation_record(report(finished))["runs"]
    assert (run["momentum"], run["decay"], run["steps_to_1_percent"]) == (0.01, 0.99, 459)
    assert run["effective_batches"] == 199
    np.testing.assert_allclose(run["initial_residue"], 0.99**50)
    np.testing.assert_array_equal(run["final_mean"], finished.runs[0].final_mean)
    np.testing.assert_array_equal(run["final_var"], finished.runs[0].final_var)


def test_the_cumulative_average_has_no_momentum_and_no_decay() -> None:
    (run,) = simulation_record(report(study(None)))["runs"]
    assert run["momentum"] is run["decay"] is run["half_life"] is None
    assert run["effective_batches"] == 100


def test_the_record_says_what_identifies_the_batches() -> None:
    origin = BatchOrigin("files", "", {"paths": ["a.npy"], "batch_size": 4}, num_batches=9)
    record = simulation_record(report(origin=origin))
    assert (record["source"], record["paths"], record["batch_size"], record["num_batches"]) == (
        "files",
        ["a.npy"],
        4,
        9,
    )


def test_the_record_says_whose_convention_it_follows() -> None:
    torch_like, keras_like = (simulation_record(report(study(ddof=ddof))) for ddof in (1, 0))
    assert (torch_like["convention"], torch_like["running_var_ddof"]) == ("torch", 1)
    assert (keras_like["convention"], keras_like["running_var_ddof"]) == ("keras", 0)


def test_the_trajectory_is_there_only_when_asked_for_and_ends_at_the_final_values() -> None:
    finished = study(0.1, None, num_steps=300, kept_steps="all")
    assert "trajectory" not in simulation_record(report(finished))
    record = simulation_record(report(finished, shows_trajectory=True))
    assert record["trajectory"]["steps"].tolist() == list(range(1, 301))
    for run, path in zip(record["runs"], record["trajectory"]["runs"], strict=True):
        assert path["momentum"] == run["momentum"]
        assert path["mean"].shape == path["var"].shape == (300, 2)
        np.testing.assert_array_equal(path["mean"][-1], run["final_mean"])
        np.testing.assert_array_equal(path["var"][-1], run["final_var"])


def test_the_best_momentum_has_its_decay_or_is_null() -> None:
    best = simulation_record(report())["best"]
    assert best["momentum"] + best["decay"] == 1
    assert simulation_record(report(study(source=synthetic((0.0,), (1.0,)))))["best"] is None


def test_lost_updates_are_told_in_low_precision_alone() -> None:
    (exact,) = simulation_record(report(study(0.1)))["runs"]
    assert exact["lost_mean_updates"] is exact["lost_var_updates"] is None
    (rounded,) = simulation_record(report(study(0.001, dtype="bfloat16")))["runs"]
    assert rounded["lost_var_updates"]["fraction"].shape == (2,)
    assert len(rounded["lost_var_updates"]["frozen_since"]) == 2

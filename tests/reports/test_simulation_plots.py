"""Tests of the plots of a simulation."""

from __future__ import annotations

from bncli.reports.simulation_plots import MOST_POINTS, trajectory_plots
from tests.helpers.simulations import study, synthetic


def test_each_momentum_is_a_curve_from_the_initial_to_the_final_value() -> None:
    finished = study(0.1, 0.01, None, source=synthetic((3.0,), (2.0,)))
    mean, var = trajectory_plots(finished)
    assert [line.label for line in mean.lines] == ["momentum 0.1", "momentum 0.01", "momentum cumulative"]
    assert (mean.x[0], mean.x[-1]) == (0, 100)
    for line, run in zip(mean.lines, finished.runs, strict=True):
        assert (line.y[0], line.y[-1]) == (0, run.final_mean[0])
    for line, run in zip(var.lines, finished.runs, strict=True):
        assert (line.y[0], line.y[-1]) == (1, run.final_var[0])


def test_the_population_is_the_level_line() -> None:
    mean, var = trajectory_plots(study(source=synthetic((3.0,), (2.0,))))
    assert (mean.reference, var.reference) == (3, 4)
    assert mean.reference_label == "population"


def test_the_channel_with_the_longest_way_is_drawn() -> None:
    mean, _ = trajectory_plots(study(source=synthetic((1.0, -0.5, 9.0), (1.0, 0.1, 9.0))))
    assert mean.title == "running mean, channel 1"
    assert mean.reference == -0.5


def test_a_single_channel_needs_no_number() -> None:
    mean, var = trajectory_plots(study(source=synthetic((1.0,), (1.0,))))
    assert (mean.title, var.title) == ("running mean", "running variance")


def test_a_long_trajectory_is_thinned_out_to_its_end() -> None:
    plot, _ = trajectory_plots(study(num_steps=5000, kept_steps="all"))
    assert len(plot.x) == len(plot.lines[0].y) == MOST_POINTS + 1
    assert plot.x[-1] == 5000
    assert list(plot.x) == sorted(set(plot.x))


def test_a_constant_population_can_be_drawn() -> None:
    mean, _ = trajectory_plots(study(source=synthetic((3.0, 5.0), (0.0, 0.0))))
    assert mean.title == "running mean, channel 0"

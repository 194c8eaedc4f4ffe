"""Tests of the way from the options of a simulation to its report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from bncli.cli.batch_options import BatchOptions
from bncli.cli.simulation_wiring import RunOptions, simulate
from bncli.errors import InvalidUsage

if TYPE_CHECKING:
    from pathlib import Path

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"convention": "jax"}, "unknown convention 'jax'"),
    ({"dtype": "float8"}, "unknown dtype 'float8'"),
    ({"convention": "keras", "dtype": "bfloat16"}, "PyTorch's rounding, which is not that of Keras"),
    ({"steps": 2**53 + 1}, "--steps: at most 9,007,199,254,740,992 are simulated"),
    ({"steps": 10**400}, "--steps: at most 9,007,199,254,740,992 are simulated"),
    ({"init_mean": float("inf")}, "--init-mean is inf"),
    ({"init_var": -0.1}, "--init-var is -0.1"),
    ({"init_var": float("nan")}, "--init-var is nan"),
]

NO_MOMENTA: list[tuple[str, str, str]] = [
    ("torch", "1.5", "momentum is 1.5"),
    ("torch", "-0.1", "momentum is -0.1"),
    ("torch", "nan", "momentum is nan"),
    ("torch", "inf", "momentum is inf"),
    ("torch", "fast", "momentum is 'fast'"),
    ("keras", "1.5", "decay is 1.5"),
    ("keras", "nan", "decay is nan"),
    ("keras", "none", "which Keras does not have"),
]


def options(**changed: Any) -> RunOptions:
    fields: dict[str, Any] = {
        "momenta": None,
        "steps": 20,
        "init_mean": 0.0,
        "init_var": 1.0,
        "convention": "torch",
        "dtype": "float64",
        "kept_steps": "sampled",
    }
    return RunOptions(**(fields | changed))


@pytest.mark.parametrize(("changed", "message"), REFUSED)
def test_values_that_no_layer_has_are_refused(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidUsage, match=message):
        options(**changed)


@pytest.mark.parametrize(("convention", "text", "message"), NO_MOMENTA)
def test_what_is_no_momentum_is_refused(convention: str, text: str, message: str) -> None:
    with pytest.raises(InvalidUsage, match=message):
        simulate(BatchOptions(), options(momenta=["0.5", text], convention=convention))


def test_momenta_are_taken_in_order_and_once() -> None:
    study = simulate(BatchOptions(), options(momenta=["0.1", "None", "0.5", "1e-1", "0", "1"])).study
    assert study.settings.momenta == (0.1, None, 0.5, 0.0, 1.0)


def test_a_decay_of_keras_becomes_the_momentum_that_its_decimals_say() -> None:
    study = simulate(BatchOptions(), options(momenta=["0.99", "0.9"], convention="keras")).study
    assert study.settings.momenta == (0.01, 0.1)
    assert study.settings.ddof == 0


@pytest.mark.parametrize(("convention", "momentum"), [("torch", 0.1), ("keras", 0.01)])
def test_each_framework_has_its_default(convention: str, momentum: float) -> None:
    assert simulate(BatchOptions(), options(convention=convention)).study.settings.momenta == (momentum,)


def test_a_synthetic_run_has_a_thousand_steps_and_a_run_over_files_goes_through_them_once(tmp_path: Path) -> None:
    assert simulate(BatchOptions(), options(steps=None)).study.settings.num_steps == 1000
    np.save(tmp_path / "x.npy", np.random.default_rng(0).normal(size=(12, 2)))
    files = BatchOptions(paths=[tmp_path / "x.npy"], batch_size=4)
    assert simulate(files, options(steps=None)).study.settings.num_steps == 3
    assert simulate(files, options(steps=50)).study.settings.num_steps == 50


@pytest.mark.parametrize("scenario", ["stationary", "drift", "shift", "class-sorted"])
def test_as_many_steps_as_there_may_be_end_like_fewer(scenario: str) -> None:
    batches = BatchOptions(mean=3.0, std=2.0, scenario=scenario)
    long, longest = (
        simulate(batches, options(momenta=["0.001"], steps=steps, kept_steps="last")).study.runs[0]
        for steps in (10**9, 2**53)
    )
    np.testing.assert_allclose(longest.final_mean, long.final_mean, atol=0.2)
    np.testing.assert_allclose(longest.final_var, long.final_var, rtol=0.2)


def test_the_start_is_the_one_given() -> None:
    study = simulate(BatchOptions(), options(momenta=["0"], init_mean=-2.0, init_var=9.0)).study
    assert study.runs[0].final_mean.tolist() == [-2.0]
    assert study.runs[0].final_var.tolist() == [9.0]

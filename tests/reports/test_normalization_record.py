"""Tests of the record of a normalization, which its schema describes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.helpers.json_output import json_of

if TYPE_CHECKING:
    from pathlib import Path


def test_a_variance_beyond_float64_is_null_and_flagged(tmp_path: Path) -> None:
    x = np.random.default_rng(0).standard_normal((9, 2, 5))
    x[:, 1] *= 1e200
    np.save(tmp_path / "x.npy", x)
    record = json_of("normalize", tmp_path / "x.npy")
    channels = record["channels"]
    assert channels["input_biased_var"][1] is None
    assert channels["is_var_beyond_float64"] == [False, True]
    assert channels["num_inf"] == [0, 0]
    assert channels["output_biased_var"][1] == pytest.approx(1, rel=1e-14)
    assert record["running"]["after"]["var"][1] is None


def test_the_cause_of_each_distance_is_in_the_record(tmp_path: Path) -> None:
    x = (1e4 + np.random.default_rng(0).standard_normal((9, 2, 50))).astype(np.float32)
    np.save(tmp_path / "x.npy", x)
    record = json_of("normalize", tmp_path / "x.npy", "--backend", "both", "--compare")
    assert record["backend"] == "both"
    assert record["torch_deviation"]["cause"] == ["cancellation", "cancellation"]
    assert set(record["gap"]) == {"r", "d", "z", "output_gap", "effective_count", "size"}
    assert json.dumps(record)


def test_nulls_are_counted_by_what_they_stand_for(tmp_path: Path) -> None:
    for name, values in (("x", np.ones((3, 2, 5))), ("mean", np.array([np.nan, 0])), ("var", np.array([np.inf, 1]))):
        np.save(tmp_path / f"{name}.npy", values)
    statistics = ("--running-mean", tmp_path / "mean.npy", "--running-var", tmp_path / "var.npy")
    counts = json_of("normalize", tmp_path / "x.npy", *statistics, "--mode", "eval")["non_finite"]
    assert counts["running.before.mean"] == counts["channels.output_min"] == {"num_nan": 1, "num_inf": 0}
    assert counts["running.after.var"] == counts["channels.used_var"] == {"num_nan": 0, "num_inf": 1}
    assert json_of("normalize", tmp_path / "x.npy")["non_finite"] == {}

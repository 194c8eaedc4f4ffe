"""Tests of the document of a normalization: what stands in it, and in which case."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from bncli.analysis.input_tensor import input_tensor
from bncli.analysis.normalization_run import RunSettings, gap, run
from bncli.analysis.torch_deviation import torch_deviation
from bncli.core.batch_norm_layer import Setting
from bncli.core.normalization import BatchNorm
from bncli.core.running_statistics import fresh
from bncli.reports.document import Code, KeyValues, Table
from bncli.reports.normalization import normalization_document
from bncli.reports.reported_normalization import NormalizationReport
from tests.helpers.builders import ArraysInMemory

X = np.random.default_rng(0).normal(2, 3, (8, 3, 5)).astype(np.float32)


def report(*, running: bool = True, mode: Any = "train", **extras: Any) -> NormalizationReport:
    layer = BatchNorm(3, running=fresh(3) if running else None)
    result = run(input_tensor(ArraysInMemory({"x": X})), layer, RunSettings(mode, 1))
    eps, momentum = Setting(1e-5, "assumed"), Setting[float | None](0.1, "given")
    if extras.pop("with_gap", False):
        extras["gap"] = gap(result)
    if extras.pop("with_deviation", False):
        extras["deviation"] = torch_deviation(result)
    return NormalizationReport(result, eps, momentum, **extras)


def titles(made: NormalizationReport) -> list[str]:
    return [block.title for block in normalization_document(made).blocks if isinstance(block, Table)]


def test_tables_stand_in_the_order_in_which_questions_arise() -> None:
    assert titles(report()) == ["", "running statistics"]
    assert titles(report(running=False)) == [""]
    assert titles(report(with_gap=True, with_deviation=True)) == [
        "train beside eval",
        "torch's distance from exact, in units in the last place",
    ]


def test_facts_say_where_settings_come_from_and_where_the_output_went() -> None:
    (facts,) = (b for b in normalization_document(report(output_path=Path("y.npy"))).blocks if isinstance(b, KeyValues))
    pairs = dict(facts.pairs)
    assert pairs["eps"] == "1e-05 (assumed)"
    assert pairs["momentum"] == "0.1, weight of the new batch (given)"
    assert pairs["mode"] == "train, 1 training step"
    assert pairs["saved"] == "y.npy"
    assert pairs["layer"] == "as given by the options"


def test_a_layer_of_a_checkpoint_is_told_also_where_it_has_no_name() -> None:
    (facts,) = (block for block in normalization_document(report(layer_name="")).blocks if isinstance(block, KeyValues))
    assert dict(facts.pairs)["layer"] == "(the layer itself)"


def test_values_are_listed_before_and_after() -> None:
    codes = [b.text for b in normalization_document(report(values=(X, X + 1))).blocks if isinstance(b, Code)]
    assert [code.partition("\n")[0] for code in codes] == ["before", "after"]

"""Comparisons, trends and forensics of layers with every value that a file may hold."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bncli.analysis.comparison import compare
from bncli.analysis.trend import trend
from bncli.core.batch_norm_layer import BatchNormLayer, Checkpoint, Setting
from bncli.renderers.base import Surface
from bncli.renderers.html_page import RENDERER as HTML
from bncli.renderers.json_document import RENDERER as JSON
from bncli.renderers.terminal import RENDERER as TABLE
from bncli.reports.arrangement import Arrangement
from bncli.reports.checkpoint_forensics import checkpoint_inferences
from bncli.reports.comparison import comparison_document
from bncli.reports.trend import trend_document
from tests.helpers.builders import checkpoint, layer

VALUES = (0.0, 1.0, -1.0, np.nan, np.inf, -np.inf, 1e308, -1e308, 5e-324, 5.6e-45, 1e-30, 3.0)
COUNTERS = (None, 0, 1, 100, 200, 2**62, -3, 0.5, float("nan"), float("inf"))
EPSILONS = (1e-5, 0.0, 1.0, -1.0, float("nan"))
MOMENTA = (None, 0.1, 0.0, 1.0, 1.5, -1.0, float("nan"))
NAMES = ("a", "b", "c.d", "c.e", "x/y")


def any_layer(name: str, rng: random.Random) -> BatchNormLayer:
    num_features = rng.choice([0, 1, 2, 4])
    dtype = rng.choice(["float32", "float64", "float16", "bfloat16"])

    def array() -> Any:
        with np.errstate(all="ignore"):
            values = np.array([rng.choice(VALUES) for _ in range(num_features)])
            return values.astype("float32" if dtype == "bfloat16" else dtype)

    return layer(
        name=name,
        label=name,
        num_features=num_features,
        running_mean=array(),
        running_var=array(),
        weight=rng.choice([None, array()]),
        bias=rng.choice([None, array()]),
        num_batches_tracked=rng.choice(COUNTERS),
        eps=Setting(rng.choice(EPSILONS), rng.choice(["stored", "assumed"])),
        momentum=Setting(rng.choice(MOMENTA), rng.choice(["stored", "assumed"])),
        dtype=dtype,
    )


def any_checkpoint(name: str, rng: random.Random) -> Checkpoint:
    return checkpoint(*(any_layer(each, rng) for each in rng.sample(NAMES, rng.randint(1, 4))), path=Path(name))


@pytest.mark.parametrize("seed", range(300))
def test_every_report_can_be_made_and_shown(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - no secret
    files = [any_checkpoint(f"{number}.pt", rng) for number in range(rng.randint(2, 4))]
    comparison = compare(files[0].layers, files[1].layers, are_ranks=rng.choice([True, False]))
    documents = [
        comparison_document((files[0], files[1]), comparison, Arrangement(top=2)),
        trend_document(trend(files), Arrangement(sort="-var")),
    ]
    for inference in checkpoint_inferences(files[0].layers, ("n_averaged",)):
        assert inference.note().text
    for document in documents:
        for renderer in (TABLE, HTML, JSON):
            assert renderer.render(document, Surface(width=80))


@pytest.mark.parametrize("seed", range(100))
def test_a_checkpoint_with_any_values_is_equal_to_itself(seed: int) -> None:
    layers = any_checkpoint("a.pt", random.Random(seed)).layers  # noqa: S311 - no secret
    assert all(not change.movement.statistics_moved for change in compare(layers, layers).changes)
    assert all(not change.movement.affine_moved for change in compare(layers, layers).changes)

from __future__ import annotations

from pathlib import Path

import numpy as np

from bncli.analysis.trend import trend
from bncli.reports.trend_record import trend_record
from tests.helpers.builders import checkpoint, layer


def test_the_record_gives_files_in_order_and_every_series() -> None:
    dead = np.array([1e-30, 1, 1, 1])
    files = [
        checkpoint(layer(num_batches_tracked=300, running_var=dead), path=Path("b.pt")),
        checkpoint(layer(num_batches_tracked=100), path=Path("a.pt")),
    ]
    found = trend(files)
    record = trend_record(found, found.layers)
    assert record["files"] == [
        {"path": "a.pt", "num_batches_tracked": 100},
        {"path": "b.pt", "num_batches_tracked": 300},
    ]
    assert (record["order"], record["partial"], record["momenta"]) == ("counter", [], [None])
    (bn,) = record["layers"]
    assert (bn["num_batches_tracked"], bn["updates"], bn["num_updates"]) == ([100, 300], [200], 200)
    assert (bn["num_dead"], [death["channel"] for death in bn["deaths"]]) == ([0, 1], [0])
    assert record["floor_momentum"] is None
    assert len(bn["mean"]) == len(bn["var"]) == len(bn["scale"]) == 2


def test_divergence_and_momenta_are_written_out() -> None:
    falls = (np.array([1e-3, 1e-4, 1, 1]), np.append(np.array([1e-3, 1e-4]) * 0.9**100, [1, np.inf]))
    found = trend(
        [
            checkpoint(layer(num_batches_tracked=100 * index, running_var=var), path=Path(f"{index}.pt"))
            for index, var in enumerate(falls, 1)
        ]
    )
    record = trend_record(found, found.layers)
    assert record["layers"][0]["divergence"] == {"kind": "not-finite", "statistic": "variance", "since": 1}
    (momentum,) = record["momenta"]
    assert momentum["low"] <= 0.1 <= momentum["high"]
    assert (momentum["num_channels"], momentum["is_cumulative"]) == (2, False)


def test_the_loss_of_input_and_frozen_statistics_are_written_out() -> None:
    values = (np.array([1.0, 1, 1, 1]), np.array([0.9**100, 0.9**100, 1, 1]))
    falling = [
        checkpoint(layer(num_batches_tracked=100 * index, running_var=var), path=Path(f"{index}.pt"))
        for index, var in enumerate(values, 1)
    ]
    (bn,) = trend_record(found := trend(falling), found.layers)["layers"]
    assert (bn["input_loss"], bn["frozen_since"]) == ({"num_channels": 2, "since": 0}, None)
    shifted = [checkpoint(layer(bias=np.full(4, float(index))), path=Path(f"{index}.pt")) for index in (1, 2)]
    (bn,) = trend_record(found := trend(shifted), found.layers)["layers"]
    assert (bn["input_loss"], bn["frozen_since"]) == (None, 0)

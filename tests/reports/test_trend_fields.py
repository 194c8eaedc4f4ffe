from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bncli.analysis.trend import Trend, trend
from bncli.reports.document import Cell, Series
from bncli.reports.trend_fields import MOST_POINTS, TREND_FIELDS, num_updates, worst_first
from tests.helpers.builders import checkpoint, layer

if TYPE_CHECKING:
    from bncli.analysis.trend import LayerTrend

VALUES = {field.column.key: field.value for field in TREND_FIELDS}


def run(*changes: dict[str, Any]) -> Trend:
    return trend(
        [
            checkpoint(layer(**({"num_batches_tracked": 10 * index} | changed)), path=Path(f"{index}.pt"))
            for index, changed in enumerate(changes, 1)
        ]
    )


def of(*variances: list[float]) -> LayerTrend:
    return run(*({"running_var": np.array(var)} for var in variances)).layers[0]


def test_series_have_a_value_for_each_file_and_stay_short_in_long_runs() -> None:
    assert VALUES["var"](of([1] * 4, [2] * 4)) == Series((1.0, 2.0))
    long = VALUES["var"](of(*([float(index)] * 4 for index in range(1, 101))))
    assert isinstance(long, Series)
    assert len(long.values) == MOST_POINTS
    assert (long.values[0], long.values[-1]) == (1, 100)


def test_updates_are_those_from_the_first_file_to_the_last() -> None:
    assert num_updates(of([1] * 4, [1] * 4, [1] * 4)) == 20
    assert num_updates(run({"num_batches_tracked": None}, {}).layers[0]) is None


def test_remarks_tell_what_diverges_and_what_died_and_since_when() -> None:
    assert VALUES["remarks"](of([1] * 4, [1] * 4)) == Cell("", "plain")
    assert VALUES["remarks"](of([1] * 4, [10] * 4, [100] * 4)) == Cell("variance diverges since file 1", "bad")
    assert VALUES["remarks"](of([1] * 4, [1, 1, 1, np.nan])) == Cell("variance not finite since file 2", "bad")
    died = of([1] * 4, [0, 1, 1, 1], [0, 0, 1, 1])
    assert VALUES["remarks"](died) == Cell("2 dead since files 2 to 3", "notice")


def test_a_scale_that_breaks_and_statistics_that_stand_still_are_remarked() -> None:
    counters = {"num_batches_tracked": 30}
    weight = np.array([1, 2, 3, np.nan])
    found = run({"num_batches_tracked": 20}, counters, counters | {"weight": weight}).layers[0]
    told = "scale not finite since file 3, statistics frozen since file 2"
    assert VALUES["remarks"](found) == Cell(told, "bad")


def test_channels_that_only_decay_are_remarked_before_they_are_dead() -> None:
    falling = of([1, 1, 1, 1], [0.5, 0.6, 1, 2], [0.5 * 0.9**10, 0.6 * 0.9**10, 1, 1])
    assert VALUES["num_dead"](falling) == 0
    assert VALUES["remarks"](falling) == Cell("2 without input since file 2", "notice")
    assert min([of([1] * 4, [1] * 4), falling], key=worst_first) is falling


def test_diverging_layers_sort_first_then_those_that_died() -> None:
    steady, died, diverging = of([1] * 4, [1] * 4), of([1] * 4, [0, 1, 1, 1]), of([1] * 4, [np.inf] * 4)
    assert sorted([steady, died, diverging], key=worst_first) == [diverging, died, steady]

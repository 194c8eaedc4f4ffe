from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from bncli.analysis.trend import Trend, trend
from bncli.reports.arrangement import Arrangement
from bncli.reports.document import Document, KeyValues, Note, Table
from bncli.reports.trend import trend_document
from tests.helpers.builders import checkpoint
from tests.helpers.layer_pairs import named


def run(*variances: Any, names: tuple[str, ...] = ("bn",), counter: int | None = 100) -> Trend:
    return trend(
        [
            checkpoint(
                *(
                    named(name, running_var=np.array(var), num_batches_tracked=counter and counter * index)
                    for name in names
                ),
                path=Path(f"{index}.pt"),
            )
            for index, var in enumerate(variances, 1)
        ]
    )


def facts(document: Document) -> dict[str, object]:
    (block,) = [block for block in document.blocks if isinstance(block, KeyValues)]
    return dict(block.pairs)


def notes(document: Document) -> list[str]:
    return [block.text for block in document.blocks if isinstance(block, Note)]


def test_the_files_stand_in_order_and_the_order_is_explained() -> None:
    told = facts(trend_document(run([1.0] * 4, [1.0] * 4), Arrangement()))
    assert told["file 1"] == "1.pt (100 updates)"
    assert told["order"] == "by their counters"
    assert "names" in str(facts(trend_document(run([1.0] * 4, [1.0] * 4, counter=None), Arrangement()))["order"])


def test_of_many_files_the_first_ones_and_the_last_are_named() -> None:
    told = facts(trend_document(run(*[[1.0] * 4] * 20), Arrangement()))
    assert told["..."] == "13 more"
    assert list(told)[-2:] == ["file 20", "order"]


def test_each_death_has_a_note_with_its_latest_time_up_to_a_limit() -> None:
    document = trend_document(run([1.0] * 4, [0.9**50, 1, 1, 1], [0.9**150 * 1e-9, 1, 1, 1]), Arrangement())
    (note,) = notes(document)
    assert note.startswith("bn[0] is dead from file 3 on; nothing reached it after update ")
    dead = trend_document(run([1.0] * 4, [0.0] * 4, names=("a", "b", "c")), Arrangement())
    assert len(notes(dead)) == 7
    assert notes(dead)[-1] == "6 more channels died; --format json lists all."


def test_one_momentum_is_told_once_and_a_schedule_step_by_step() -> None:
    def falling(*momenta: float) -> list[list[float]]:
        values = [[1e-3, 1e-4, 1, 1]]
        for momentum in momenta:
            values.append([*(value * (1 - momentum) ** 100 for value in values[-1][:2]), 1, 1])
        return values

    (constant,) = [note for note in notes(trend_document(run(*falling(0.02, 0.02)), Arrangement())) if "weight" in note]
    assert constant.startswith("The weight of the new batch was 0.02:")
    assert constant.endswith("fell in 2 steps from file to file.")
    (single,) = [note for note in notes(trend_document(run(*falling(0.02)), Arrangement())) if "weight" in note]
    assert single.endswith("fell in 1 step from file to file.")
    (schedule,) = [note for note in notes(trend_document(run(*falling(0.02, 0.01)), Arrangement())) if "weight" in note]
    assert "0.02 from file 1 to 2, 0.01 from file 2 to 3" in schedule


def test_the_floor_tells_the_momentum_where_nothing_falls_any_more() -> None:
    at_rest = np.array([4 * 2.0**-149, 4 * 2.0**-149, 1, 1], np.float32)
    (note,) = notes(trend_document(run(at_rest, at_rest), Arrangement()))
    assert note.startswith("momentum: The weight of the new batch was from 0.1 to 0.125.")


def test_the_layers_that_changed_most_come_first() -> None:
    found = trend(
        [
            checkpoint(named("calm", num_batches_tracked=step), named("dying", num_batches_tracked=step, **changed),
                       path=Path(f"{step}.pt"))
            for step, changed in ((1, {}), (2, {"running_var": np.array([0.0, 1, 1, 1])}))
        ]
    )  # fmt: skip
    document = trend_document(found, Arrangement(top=1))
    (table,) = [block for block in document.blocks if isinstance(block, Table)]
    assert table.rows[0][0] == "dying"
    assert table.footer == "1 of 2 layers"


def test_layers_that_not_all_files_have_are_named() -> None:
    files = [checkpoint(named("a", num_batches_tracked=1), path=Path("1.pt")),
             checkpoint(named("a", num_batches_tracked=2), named("b"), path=Path("2.pt"))]  # fmt: skip
    told = facts(trend_document(trend(files), Arrangement()))
    assert "1 layer: b" in str(told["not in all files"])


def test_what_frozen_statistics_may_mean_is_told_once() -> None:
    files = [
        checkpoint(*(named(name, bias=np.full(4, float(index))) for name in "ab"), path=Path(f"{index}.pt"))
        for index in (1, 2)
    ]
    (note,) = notes(trend_document(trend(files), Arrangement()))
    assert note.startswith("statistics frozen: The layers ran in eval mode, or an average")

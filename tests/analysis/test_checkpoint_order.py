from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bncli.analysis.checkpoint_order import in_order, natural_key, newest_counter
from tests.helpers.builders import checkpoint, layer

if TYPE_CHECKING:
    from bncli.core.batch_norm_layer import Checkpoint


def files(**counters: int | None) -> list[Checkpoint]:
    return [
        checkpoint(layer(num_batches_tracked=counter), path=Path(f"{name}.pt")) for name, counter in counters.items()
    ]


def names(checkpoints: list[Checkpoint]) -> tuple[list[str], str]:
    ordered, basis = in_order(checkpoints)
    return [each.path.stem for each in ordered], basis


def test_counters_tell_the_order_whatever_the_names() -> None:
    assert names(files(best=300, last=400, epoch_1=100)) == (["epoch_1", "best", "last"], "counter")


def test_names_tell_it_where_counters_are_missing_or_equal() -> None:
    assert names(files(epoch_10=None, epoch_9=None)) == (["epoch_9", "epoch_10"], "name")
    assert names(files(epoch_10=5, epoch_9=5)) == (["epoch_9", "epoch_10"], "name")
    assert names(files(epoch_10=3, epoch_9=None)) == (["epoch_9", "epoch_10"], "name")


@pytest.mark.parametrize(
    "ordered",
    [
        ["epoch_9.pt", "epoch_10.pt", "epoch_100.pt"],
        ["a.2-0.9.h5", "a.10-0.8.h5"],
        ["1.pt", "01b.pt", "2.pt"],
        ["last.pt", "step000200.pt", "step1000.pt"],
    ],
)
def test_numbers_in_names_count_as_numbers(ordered: list[str]) -> None:
    assert sorted(ordered, key=natural_key) == ordered


def test_the_newest_counter_is_the_greatest_of_those_there_are() -> None:
    assert newest_counter(checkpoint(layer(num_batches_tracked=3), layer(num_batches_tracked=7))) == 7
    assert newest_counter(checkpoint(layer(num_batches_tracked=None))) is None

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bncli.analysis.ancestry import Stage, ancestry, parent_difference
from tests.helpers.builders import layer

if TYPE_CHECKING:
    from bncli.core.batch_norm_layer import BatchNormLayer


def counted(**counters: float | None) -> list[BatchNormLayer]:
    return [
        layer(name=name, label=name.replace("_", "."), num_batches_tracked=counter)
        for name, counter in counters.items()
    ]


def test_a_backbone_that_came_along_has_counted_what_its_parent_had_longer() -> None:
    found = ancestry(counted(backbone_a=1_905_515, backbone_b=1_905_515, head_a=343_102))
    assert found is not None
    assert found.parent_counters == (1_562_413,)
    assert found.stage_updates == (1_562_413, 343_102)
    assert found.stages[0] == Stage(1_905_515, ("backbone.a", "backbone.b"))


def test_three_stages_leave_three_counters() -> None:
    found = ancestry(counted(backbone=1000, neck=600, head=100))
    assert found is not None
    assert found.parent_counters == (900, 500)
    assert found.stage_updates == (400, 500, 100)


@pytest.mark.parametrize(
    "counters",
    [
        {"a": 100, "b": 100},
        {"a": 100, "b": None},
        {"a": 100, "b": 0},
        {"a": 100.5, "b": 50.5},
        {"a": 1000, "b": 999},
        {"a": 100, "b": 200, "c": 300, "d": 400, "e": 500},
        {"model_a": 1000, "ema_a": 500},
    ],
)
def test_one_stage_copies_warm_ups_averages_and_odd_counters_tell_of_no_parent(
    counters: dict[str, float | None],
) -> None:
    assert ancestry(counted(**counters)) is None


def test_a_difference_that_is_the_first_files_counter_names_the_parent() -> None:
    after = counted(backbone=1000, head=300)
    assert parent_difference(counted(a=700), after) == (1000, 300)
    assert parent_difference(counted(a=701), after) is None
    assert parent_difference(counted(a=700, b=1), after) is None
    assert parent_difference(counted(a=700), counted(a=1000)) is None

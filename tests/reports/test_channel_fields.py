"""Tests of the columns of the channel table."""

from __future__ import annotations

import numpy as np
import pytest

from bncli.analysis.channel_filter import ChannelFilter
from bncli.analysis.inspection import inspect
from bncli.analysis.layer_selection import select
from bncli.reports.channel_fields import CHANNEL_FIELDS, ChannelRow, channel_rows
from tests.helpers.builders import checkpoint, layer


def rows(where: str | None = None, **changed: object) -> list[ChannelRow]:
    condition = None if where is None else ChannelFilter.parse(where)
    (inspected,) = inspect(select(checkpoint(layer(**changed)), where=condition))
    return list(channel_rows(inspected))


def remark(row: ChannelRow) -> object:
    (field,) = [field for field in CHANNEL_FIELDS if field.column.key == "remarks"]
    cell = field.value(row)
    return getattr(cell, "value", cell)


def test_scale_and_shift_are_those_of_the_layer() -> None:
    stored = layer()
    scale, shift = stored.scale_and_shift()
    assert [row.scale for row in rows()] == pytest.approx(scale.tolist())
    assert [row.shift for row in rows()] == pytest.approx(shift.tolist())


def test_only_selected_channels_have_a_row_and_keep_their_index() -> None:
    assert [row.channel for row in rows("channel > 1")] == [2, 3]


def test_missing_parameters_are_missing() -> None:
    assert {(row.weight, row.bias) for row in rows(weight=None, bias=None)} == {(None, None)}


def test_remarks_tell_broken_negative_and_dead_channels() -> None:
    found = rows(running_var=np.array([np.nan, -1, 1e-40, 1]))
    assert [remark(row) for row in found] == ["not finite", "negative var", "dead", ""]


def test_broken_channels_come_first_and_then_the_smallest_variance() -> None:
    found = rows(running_var=np.array([2, 1e-40, np.nan, 1]))
    assert [row.channel for row in sorted(found, key=lambda row: row.worst_first())] == [2, 1, 3, 0]


@pytest.mark.parametrize("role", ["weight", "bias"])
def test_parameters_that_are_not_finite_are_remarked_and_come_first(role: str) -> None:
    found = rows(**{role: np.array([1, 1, np.nan, np.inf])})
    assert [remark(row) for row in found] == ["", "", "not finite", "not finite"]
    assert {row.channel for row in sorted(found, key=lambda row: row.worst_first())[:2]} == {2, 3}

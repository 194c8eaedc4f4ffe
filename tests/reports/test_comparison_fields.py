from __future__ import annotations

import numpy as np
import pytest

from bncli.analysis.comparison import compare
from bncli.core.batch_norm_layer import Setting
from bncli.reports import comparison_fields
from bncli.reports.comparison_fields import COMPARISON_FIELDS, default_columns, worst_first
from bncli.reports.document import Cell
from tests.helpers.layer_pairs import leaked, leaky_backbone, named

VALUES = {field.column.key: field.value for field in COMPARISON_FIELDS}


def test_medians_and_extremes_are_those_of_the_defined_channels() -> None:
    before = named("a", running_var=np.array([1.0, 1, 0, 4]), running_mean=np.zeros(4), eps=Setting(1e-12, "given"))
    after = named("a", running_var=np.array([2.0, 4, 1, 4]), running_mean=np.array([1.0, -3, np.nan, 4]))
    change = compare([before], [after]).changes[0]
    assert comparison_fields.median_shift(change) == pytest.approx(2)
    assert comparison_fields.largest_shift(change) == pytest.approx(3)
    assert comparison_fields.median_ratio(change) == 2
    assert comparison_fields.smallest_ratio(change) == 1
    assert comparison_fields.largest_ratio(change) == 4


def test_without_a_defined_channel_there_is_no_value() -> None:
    change = compare([named("a", running_var=np.zeros(4))], [named("a")]).changes[0]
    assert comparison_fields.median_ratio(change) is None


def test_a_verdict_stands_beside_its_code_in_its_tone() -> None:
    leak, _, trained = leaky_backbone().changes
    assert VALUES["verdict"](leak) == Cell("leaky-freeze BN701", "bad")
    assert VALUES["verdict"](trained) == Cell("trained", "plain")


def test_remarks_say_what_numbers_do_not() -> None:
    before = named("old", eps=Setting(1e-5, "stored"))
    roles = ("running_mean", "running_var", "weight", "bias")
    half = {role: getattr(before, role).astype(np.float16) for role in roles}
    half["running_mean"][0] = np.nan
    after = named("new", eps=Setting(1e-3, "stored"), dtype="float16", **half)
    (change,) = compare([before], [after]).changes
    assert VALUES["remarks"](change) == Cell(
        "1 no longer finite, was old, float32 to float16, eps or momentum differ", "bad"
    )


def test_the_share_between_ranks_is_shown_for_ranks_alone() -> None:
    before, after = [named("a")], [leaked("a", 0)]
    ranks, edited = compare(before, after, are_ranks=True).changes, compare(before, after).changes
    assert "between_ranks" in default_columns(ranks)
    assert "between_ranks" not in default_columns(edited)
    share = comparison_fields.between_ranks(ranks[0])
    assert share is not None
    assert 0 < share < 1
    assert comparison_fields.between_ranks(edited[0]) is None


def test_broken_layers_sort_first_then_by_verdict() -> None:
    leak, _, trained = leaky_backbone().changes
    (broken,) = compare([named("a")], [leaked("a", running_mean=np.full(4, np.nan))]).changes
    assert sorted([trained, leak, broken], key=worst_first) == [broken, leak, trained]

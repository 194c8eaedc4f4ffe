"""Tests of conditions on channels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bncli.analysis.channel_filter import ChannelFilter
from bncli.core.batch_norm_layer import Setting
from bncli.errors import InvalidUsage
from tests.helpers.builders import layer

STORED = layer(
    running_mean=np.array([0, 1, -2, 3], np.float32),
    running_var=np.array([1e-9, 1, 4, np.nan], np.float32),
    weight=np.array([1, 0.05, 2, 1], np.float32),
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("running_var < 1e-6", [0]),
        ("running_var < 1e-6 or weight < 0.1", [0, 1]),
        ("running_var > 0.5 and weight > 0.1", [2]),
        ("not running_var > 0.5", [0, 3]),
        ("isnan(running_var)", [3]),
        ("abs(running_mean) >= 2", [2, 3]),
        ("abs(running_mean) / sqrt(running_var + eps) > 0.9", [1, 2]),
        ("0 < running_mean < 2", [1]),
        ("channel == 2", [2]),
        ("running_mean ** 2 - 1 == 0", [1]),
        ("-running_mean > +1", [2]),
        ("num_batches_tracked == 100", [0, 1, 2, 3]),
        ("scale > 100", [0]),
        ("running_var", [0, 1, 2]),
        ("-(running_var > 0.5) < 0", [1, 2]),
        ("(running_mean > 0) - (weight > 0.5) == 0", [3]),
        ("1", [0, 1, 2, 3]),
        ("  running_var < 1e-6", [0]),
    ],
)
def test_a_condition_holds_for_these_channels(text: str, expected: list[int]) -> None:
    assert np.flatnonzero(ChannelFilter.parse(text).matches(STORED)).tolist() == expected


@pytest.mark.parametrize(
    "text",
    ["weight < 5", "weight != 1", "not weight > 0.1", "not (weight != 1)", "weight", "isnan(weight)",
     "not isnan(weight)", "weight and running_var >= 0", "1 < weight", "-weight < 5", "weight ** 0 == 1",
     "0 < weight < 5", "abs(weight) >= 0", "momentum != 0.1", "num_batches_tracked != 0", "weight < 5 or momentum < 1"],
)  # fmt: skip
def test_what_a_layer_does_not_have_never_matches(text: str) -> None:
    bare = layer(weight=None, momentum=Setting(None, "stored"), num_batches_tracked=None)
    assert not ChannelFilter.parse(text).matches(bare).any()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("running_var < 1e-6 or weight < 5", [0]),
        ("weight < 5 or running_var < 1e-6", [0]),
        ("running_var < 1e-6 or not weight < 5", [0]),
        ("not (running_var < 1e-6 and weight < 5)", [1, 2, 3]),
        ("not (weight < 5 or running_var < 1e-6)", []),
        ("not (running_mean < 1 < weight)", [1, 3]),
    ],
)
def test_beside_what_is_missing_the_other_side_decides_where_it_can(text: str, expected: list[int]) -> None:
    bare = replace(STORED, weight=None)
    assert np.flatnonzero(ChannelFilter.parse(text).matches(bare)).tolist() == expected


@pytest.mark.parametrize(
    "text",
    [
        "", "running_var <", "a b", "running_vra < 1", "__import__('os').system('true')", "running_var.__class__",
        "running_var[0] > 1", "lambda: 1", "[x for x in (1,)]", "'a' < 'b'", "open('x')", "abs(1, 2)", "abs(x=1)",
        "running_var if eps else 1", "running_var in (1, 2)", "running_var is None", "~channel", "1 if 1 else 2",
        "x := 1", "f'{eps}'", "None", "1j", "1e999", "9" * 400, "(" * 2000,
        "running_var < 1" + " and 1" * 500, "eps // 2",
    ],
)  # fmt: skip
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidUsage):
        ChannelFilter.parse(text)


def test_a_misspelt_name_gets_the_nearest() -> None:
    with pytest.raises(InvalidUsage) as caught:
        ChannelFilter.parse("runing_var < 1")
    assert str(caught.value.hint).startswith("did you mean running_var")


def test_huge_powers_are_computed_in_floating_point() -> None:
    assert ChannelFilter.parse("10 ** 10 ** 10 > 1").matches(STORED).all()


def test_of_several_conditions_all_have_to_hold() -> None:
    both = ChannelFilter.parse_all(["running_mean > 0 or channel == 0", "weight > 0.5"])
    assert both is not None
    assert np.flatnonzero(both.matches(STORED)).tolist() == [0, 3]
    assert ChannelFilter.parse(both.text).matches(STORED).tolist() == both.matches(STORED).tolist()
    one = ChannelFilter.parse_all(["channel == 1"])
    assert one is not None
    assert np.flatnonzero(one.matches(STORED)).tolist() == [1]
    assert ChannelFilter.parse_all([]) is None

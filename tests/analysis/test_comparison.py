from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from bncli.analysis.comparison import compare
from bncli.analysis.verdicts import Verdict
from bncli.core.batch_norm_layer import Setting
from tests.helpers.builders import layer

if TYPE_CHECKING:
    from bncli.analysis.comparison import LayerChange

BASE = layer()


def change_to(before: Any = BASE, **changed: Any) -> LayerChange:
    """Return what a comparison says of one layer that stands beside one that is trained."""
    other = layer(name="other", label="other")
    trained = layer(
        name="other",
        label="other",
        num_batches_tracked=200,
        weight=other.weight * 2,
        running_mean=other.running_mean + 1,
    )
    comparison = compare([before, other], [layer(**changed), trained])
    return comparison.changes[0]


DRIFTED = {"running_mean": BASE.running_mean + 1}
LEARNED = {"weight": BASE.weight * 2}


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({}, Verdict.FULLY_FROZEN),
        (LEARNED, Verdict.STATS_FROZEN),
        ({"bias": BASE.bias + 1}, Verdict.STATS_FROZEN),
        (DRIFTED | {"num_batches_tracked": 101}, Verdict.LEAKY_FREEZE),
        ({"running_var": BASE.running_var * 2, "num_batches_tracked": 101}, Verdict.LEAKY_FREEZE),
        ({"num_batches_tracked": 101}, Verdict.MOMENTUM_ZERO_OR_DEAD),
        (LEARNED | {"num_batches_tracked": 101}, Verdict.MOMENTUM_ZERO_OR_DEAD),
        (DRIFTED, Verdict.AVERAGED_OR_EDITED),
        (DRIFTED | LEARNED, Verdict.AVERAGED_OR_EDITED),
        (DRIFTED | {"num_batches_tracked": 50}, Verdict.RE_ESTIMATED),
        (DRIFTED | LEARNED | {"num_batches_tracked": 50}, Verdict.REWOUND),
        (DRIFTED | LEARNED | {"num_batches_tracked": 101}, Verdict.TRAINED),
        (DRIFTED | LEARNED | {"num_batches_tracked": 100.5}, Verdict.AVERAGED_OR_EDITED),
    ],
)
def test_each_row_of_the_truth_table(changed: dict[str, Any], verdict: Verdict) -> None:
    assert change_to(**changed).verdict is verdict


def test_a_half_precision_copy_is_equal() -> None:
    roles = ("running_mean", "running_var", "weight", "bias")
    half = layer(dtype="float16", **{role: getattr(BASE, role).astype(np.float16) for role in roles})
    assert compare([BASE], [half]).are_equal


def test_a_counter_that_one_format_cannot_hold_is_no_difference() -> None:
    comparison = compare([BASE], [layer(num_batches_tracked=None)])
    assert comparison.are_equal
    assert comparison.changes[0].movement.delta is None


def test_missing_parameters_equal_those_that_change_nothing() -> None:
    plain = layer(weight=None, bias=None)
    assert compare([plain], [layer(weight=np.ones(4, np.float32), bias=np.zeros(4, np.float32))]).are_equal
    assert not compare([plain], [BASE]).are_equal


def test_added_removed_and_reshaped_layers_are_differences() -> None:
    other = layer(name="other", label="other")
    assert not compare([BASE], [BASE, other]).are_equal
    assert not compare([BASE, other], [BASE]).are_equal
    wide = np.ones(5, np.float32)
    wider = layer(num_features=5, running_mean=wide, running_var=wide, weight=wide, bias=wide)
    assert not compare([BASE], [wider]).are_equal


def test_an_eps_that_both_files_store_and_that_differs_is_a_difference() -> None:
    stored, other = layer(eps=Setting(1e-5, "stored")), layer(eps=Setting(1e-3, "stored"))
    assert not compare([stored], [other]).are_equal
    assert compare([BASE], [other]).are_equal, "an assumed eps is no knowledge"


def test_the_shift_is_in_sigma_of_the_first_file_with_its_eps() -> None:
    before = layer(running_var=np.array([0.25, 4, 0, 1]), running_mean=np.zeros(4), eps=Setting(1e-2, "given"))
    change = change_to(before, running_var=np.array([0.5, 1, 1, np.inf]), running_mean=np.array([1.0, 1, 1, np.nan]))
    np.testing.assert_allclose(change.mean_shift, [1 / np.sqrt(0.26), 1 / np.sqrt(4.01), 10, np.nan])
    np.testing.assert_allclose(change.var_ratio, [2, 0.25, np.nan, np.nan])
    assert change.num_broken == 1


def test_parameters_change_by_parts_of_the_first_weights_size() -> None:
    before = layer(weight=np.full(4, 2.0), bias=np.zeros(4))
    change = change_to(before, weight=np.full(4, 3.0), bias=np.full(4, 1.0))
    assert (change.weight_change, change.bias_change) == (0.5, 0.5)
    dead = layer(weight=np.zeros(4))
    assert change_to(dead, weight=np.ones(4)).weight_change is None
    assert change_to(layer(weight=None), weight=np.ones(4)).weight_change is None


def test_verdicts_are_counted_the_most_alarming_first() -> None:
    comparison = compare(
        [layer(name=name, label=name) for name in "abc"],
        [
            layer(name="a", label="a"),
            layer(name="b", label="b", num_batches_tracked=101, **DRIFTED),
            layer(name="c", label="c"),
        ],
    )
    assert list(comparison.verdict_counts().items()) == [(Verdict.LEAKY_FREEZE, 1), (Verdict.FULLY_FROZEN, 2)]

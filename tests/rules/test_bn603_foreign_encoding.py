from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from bncli.core.named_arrays import Skipped
from bncli.core.rounding import FLOAT_DTYPES, round_to
from bncli.rules.bn603_foreign_encoding import RULE
from tests.helpers.rule_cases import Twins, file_of, healthy, observed, only

if TYPE_CHECKING:
    from bncli.core.batch_norm_layer import BatchNormLayer

TWINS = Twins(
    faulty=file_of(healthy(), skipped=(Skipped("b", "has running_std in place of running_var", "foreign-statistic"),)),
    sound=file_of(healthy(), skipped=(Skipped("b", "is compressed"),)),
)


def test_a_standard_deviation_in_place_of_a_variance_is_told() -> None:
    seen = only(RULE, skipped=(Skipped("b", "has running_std in place of running_var", "foreign-statistic"),))
    assert (seen.layer, seen.severity) == ("b", "warning")
    assert seen.message.startswith("has running_std in place of running_var: what it holds differs by version")


@pytest.mark.parametrize(("added", "settings"), [(1e-5, {}), (1e-3, {}), (2e-4, {"eps": 2e-4})])
def test_variances_that_are_eps_to_the_last_bit_tell_that_it_was_added(
    added: float, settings: dict[str, float]
) -> None:
    var = np.maximum(healthy().running_var - 1, 0).astype(np.float32) + np.float32(added)
    dead = tuple(np.flatnonzero(var == np.float32(added)).tolist())
    assert len(dead) > 1
    seen = only(RULE, healthy(running_var=var, **settings))
    assert (seen.severity, set(seen.channels)) == ("warning", set(dead))
    assert f"exactly {added:.6g}, an eps" in seen.message


def test_one_such_channel_or_a_smaller_one_below_shows_nothing() -> None:
    eps = np.float32(1e-5)
    assert observed(RULE, healthy(running_var={2: eps})) == []
    assert observed(RULE, healthy(running_var={2: eps, 3: eps, 4: 1e-7})) == []


def test_statistics_that_are_not_finite_are_passed_over() -> None:
    assert observed(RULE, healthy(running_var=np.full(16, np.nan))) == []


@pytest.mark.parametrize("dtype", FLOAT_DTYPES)
def test_eps_is_recognized_as_each_element_type_stores_it(dtype: str) -> None:
    var = torch.tensor([1e-3, 2, 1e-3, 0.5] * 4, dtype=torch.float64).to(getattr(torch, dtype)).double().numpy()
    seen = only(RULE, healthy(running_var=round_to(var, dtype), dtype=dtype))
    assert set(seen.channels) == set(range(0, 16, 2))


def with_exchanged_parameters(name: str, **changed: Any) -> BatchNormLayer:
    layer = healthy(name)
    return healthy(name, **{"weight": layer.bias / 3, "bias": layer.weight, **changed})


def test_weights_around_0_and_biases_around_1_in_all_layers_are_exchanged() -> None:
    seen = observed(RULE, with_exchanged_parameters("a"), with_exchanged_parameters("b"))
    assert [(each.layer, each.severity) for each in seen] == [("a", "warning"), ("b", "warning")]
    assert seen[0].message.startswith("weight and bias seem to be exchanged")
    assert seen[0].remedy == "Exchange weight and bias where the file was converted."


@pytest.mark.parametrize(
    "changed",
    [
        {"weight": np.abs(healthy("b").bias) / 3},
        {"bias": healthy("b").bias},
        {"bias": None},
    ],
    ids=["no negative weight", "biases of both signs", "no bias"],
)
def test_one_sign_of_it_alone_shows_no_exchange(changed: dict[str, Any]) -> None:
    sound = [healthy(name) for name in ("c", "d")]
    assert observed(RULE, with_exchanged_parameters("b", **changed), *sound) == []
    assert observed(RULE, *(with_exchanged_parameters(name, **changed) for name in ("a", "b"))) == []


def test_a_single_layer_shows_no_exchange() -> None:
    assert observed(RULE, with_exchanged_parameters("a")) == []
    assert observed(RULE, with_exchanged_parameters("a"), healthy("b", weight=None, bias=None)) == []

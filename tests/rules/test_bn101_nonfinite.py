from __future__ import annotations

import numpy as np
import pytest

from bncli.rules.bn101_nonfinite import RULE
from tests.helpers.rule_cases import Twins, file_of, healthy, observed, only

TWINS = Twins(
    faulty=file_of(healthy(running_mean={3: np.inf}, running_var={3: np.nan})),
    sound=file_of(healthy()),
)


def test_an_infinite_mean_beside_a_nan_variance_is_told_as_one_batch_that_overflowed() -> None:
    seen = only(RULE, healthy(running_mean={3: np.inf, 5: -np.inf}, running_var={3: np.nan, 5: np.nan}))
    assert (seen.severity, seen.channels) == ("error", (3, 5))
    assert "2 channels with running mean infinite and variance NaN, as one batch leaves them that overflowed" in (
        seen.message
    )


def test_a_finite_mean_beside_a_nan_variance_is_told_as_a_batch_of_one_value() -> None:
    assert "as a batch of one value per channel leaves them" in only(RULE, healthy(running_var={0: np.nan})).message


@pytest.mark.parametrize(
    ("mean", "var"), [(np.nan, np.nan), (np.nan, 1.0), (0.0, np.inf), (np.inf, np.inf), (np.inf, 1.0)]
)
def test_other_statistics_that_are_not_finite_are_told_without_a_guess(mean: float, var: float) -> None:
    message = only(RULE, healthy(running_mean={1: mean}, running_var={1: var})).message
    assert "1 channel with running mean or variance NaN or infinite" in message
    assert "overflowed" not in message
    assert "one value" not in message


@pytest.mark.parametrize("role", ["weight", "bias"])
def test_a_parameter_that_is_not_finite_is_told_as_a_diverged_run(role: str) -> None:
    message = only(RULE, healthy(**{role: {2: np.nan}})).message
    assert f"1 channel with a {role} that is NaN or infinite, as a diverged run leaves them" in message


def test_channels_with_most_broken_values_come_first() -> None:
    seen = only(RULE, healthy(running_var={1: np.nan, 4: np.nan}, running_mean={4: np.nan}, weight={4: np.nan}))
    assert seen.channels == (4, 1)


def test_a_layer_without_affine_parameters_can_be_broken_too() -> None:
    assert only(RULE, healthy(weight=None, bias=None, running_var={0: np.nan})).channels == (0,)


def test_each_broken_layer_is_told() -> None:
    broken = [healthy(name, running_var={0: np.nan}) for name in ("a", "b")]
    assert [seen.layer for seen in observed(RULE, *broken, healthy("c"))] == ["a", "b"]

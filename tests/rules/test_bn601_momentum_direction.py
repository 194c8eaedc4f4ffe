from __future__ import annotations

import pytest

from bncli.core.batch_norm_layer import Setting
from bncli.rules.bn601_momentum_direction import RULE
from tests.helpers.builders import layer
from tests.helpers.rule_cases import Twins, file_of, healthy, observed, only

TWINS = Twins(faulty=file_of(healthy(momentum=0.9)), sound=file_of(healthy(momentum=0.1)))


@pytest.mark.parametrize(("momentum", "meant"), [(0.9, "0.1"), (0.99, "0.01"), (0.997, "0.003"), (0.999, "0.001")])
def test_the_defaults_of_the_other_convention_are_turned_round(momentum: float, meant: str) -> None:
    seen = only(RULE, healthy(momentum=momentum))
    assert seen.severity == "warning"
    assert f"it would be momentum {meant} in PyTorch" in seen.message


def test_in_keras_the_same_is_told_in_its_own_convention() -> None:
    message = only(RULE, healthy(momentum=0.99, framework="keras")).message
    assert "it is a decay of 0.01, where 0.99 was likely meant" in message


@pytest.mark.parametrize("momentum", [None, 1e-9, 0.1, 0.49])
def test_weights_below_a_half_are_fine(momentum: float | None) -> None:
    assert observed(RULE, healthy(momentum=momentum)) == []


def test_a_momentum_of_zero_moves_nothing() -> None:
    seen = only(RULE, healthy(momentum=0.0))
    assert (seen.severity, seen.value) == ("warning", 0)
    assert seen.message.startswith("momentum 0: a new batch has no weight, so that training never moves")


def test_a_momentum_of_one_is_not_taken_for_a_decay_that_would_give_none() -> None:
    seen = only(RULE, healthy(momentum=1.0))
    assert seen.message == "momentum 1: the running statistics are those of the last batch, and of no other"
    assert seen.remedy == "Give the layer a momentum such as 0.1, then estimate the statistics again."


def test_an_assumed_momentum_is_no_finding_and_a_given_one_is() -> None:
    assert observed(RULE, layer(momentum=Setting(0.9, "assumed"))) == []
    assert only(RULE, layer(momentum=Setting(0.9, "given"))).value == 0.9


@pytest.mark.parametrize("momentum", [float("nan"), -0.1, 1.5, float("inf")])
def test_a_stored_number_that_is_no_weight_is_an_error(momentum: float) -> None:
    seen = only(RULE, healthy(momentum=momentum))
    assert (seen.severity, seen.remedy) == (
        "error",
        "Give the layer a momentum from 0 to 1, then estimate the statistics again.",
    )
    assert seen.message.startswith(f"momentum {momentum:g} is no weight, which lies from 0 to 1")

from __future__ import annotations

import math

import numpy as np
import pytest

from bncli.rules.bn402_small_n import RULE, mean_gain
from tests.helpers.evidence import evidence, file_with, observations
from tests.helpers.rule_cases import Twins

TWINS = Twins(faulty=file_with(evidence(fewest_values=8)), sound=file_with(evidence(fewest_values=16)))


@pytest.mark.parametrize("num_values", [4, 8, 16, 32])
def test_the_gain_is_that_of_simulated_batches(num_values: int) -> None:
    batches = np.random.default_rng(0).normal(size=(400_000, num_values))
    assert mean_gain(num_values) == pytest.approx((1 / batches.std(axis=1)).mean(), rel=0.01)


@pytest.mark.parametrize(("num_values", "gain"), [(4, 1.60), (8, 1.20), (16, 1.09), (32, 1.04)])
def test_the_gain_of_small_batches_is_the_one_that_the_text_tells(num_values: int, gain: float) -> None:
    assert mean_gain(num_values) == pytest.approx(gain, abs=0.006)


def test_two_values_have_no_mean_gain() -> None:
    assert mean_gain(2) == math.inf


@pytest.mark.parametrize(
    ("fewest", "severity", "words"),
    [
        (1, "error", "PyTorch refuses to train on them"),
        (2, "error", "the output is 1 or -1"),
        (4, "warning", "1.596 times as loud"),
        (15, "warning", "no normalized value exceeds 3.742"),
    ],
)
def test_what_follows_from_a_small_number_is_told(fewest: int, severity: str, words: str) -> None:
    (seen,) = observations(RULE, fewest_values=fewest, num_fewest=3)
    assert (seen.severity, seen.value, words in seen.message) == (severity, fewest, True)
    assert seen.threshold == (2 if severity == "error" else 16)
    assert seen.message.startswith("3 of 20 batches in train mode have")


def test_few_samples_are_few_however_many_positions_they_have() -> None:
    (seen,) = observations(RULE, fewest_values=32, num_samples=2.0, independent_values=3.7)
    assert (seen.severity, seen.value, seen.threshold) == ("warning", 3.7, 8)
    assert seen.message.startswith("batches in train mode have 2 samples, and the values of one sample are so alike")
    assert "worth 3.7 independent ones per channel" in seen.message


def test_few_values_are_told_once() -> None:
    (seen,) = observations(RULE, fewest_values=2, num_samples=2.0, independent_values=2.0)
    assert (seen.severity, seen.value) == ("error", 2)


@pytest.mark.parametrize("worth", [8.0, math.nan])
def test_batches_that_are_worth_enough_or_of_unknown_worth_are_no_fault(worth: float) -> None:
    assert observations(RULE, num_samples=8.0, independent_values=worth) == []


def test_batches_of_eval_mode_are_not_its_business() -> None:
    assert observations(RULE, fewest_values=None) == []

from __future__ import annotations

import math

import pytest

from bncli.analysis.divergence import Divergence, divergence

STEADY = (1.0, 1.0, 1.0, 1.0)


@pytest.mark.parametrize(
    ("mean", "var", "expected"),
    [
        (STEADY, (1, 4, 16, 64), Divergence("growing", "variance", 0)),
        (STEADY, (5, 1, 4, 64), Divergence("growing", "variance", 1)),
        ((1, 10, 100, 1000), STEADY, Divergence("growing", "mean", 0)),
        (STEADY, (1, 2, math.inf, math.nan), Divergence("not-finite", "variance", 2)),
        ((1, math.nan, math.nan, 1), (1, 1, math.nan, 1), Divergence("not-finite", "mean", 1)),
    ],
)
def test_what_grows_without_slowing_or_breaks_diverges(
    mean: tuple[float, ...], var: tuple[float, ...], expected: Divergence
) -> None:
    assert divergence(mean, var, STEADY) == expected


def test_a_scale_that_breaks_diverges_and_one_that_grows_does_not() -> None:
    assert divergence(STEADY, STEADY, (1, 1, math.nan, math.nan)) == Divergence("not-finite", "scale", 2)
    assert divergence(STEADY, STEADY, (1, 10, 100, 1000)) is None


def test_a_scale_that_breaks_with_its_variance_is_not_what_is_told() -> None:
    broken = (1, 1, math.nan, math.nan)
    assert divergence(STEADY, broken, broken) == Divergence("not-finite", "variance", 2)


@pytest.mark.parametrize(
    "var",
    [
        STEADY,
        (64, 16, 4, 1),
        (1, 30, 40, 41),
        (1, 2, 4, 8),
        (1, 100, 50, 60),
        (0, 0, 0, 0),
        (1, 100),
        (5,),
    ],
)
def test_what_settles_falls_or_has_too_few_points_does_not(var: tuple[float, ...]) -> None:
    assert divergence((1.0,) * len(var), var, (1.0,) * len(var)) is None

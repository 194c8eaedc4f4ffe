from __future__ import annotations

import numpy as np
import pytest

from bncli.core.batch_norm_layer import Setting
from bncli.rules.bn206_ema_noise import RULE
from tests.helpers.builders import layer
from tests.helpers.rule_cases import Twins, file_of, healthy, observed, only

TWINS = Twins(faulty=file_of(healthy(momentum=0.25)), sound=file_of(healthy(momentum=0.1)))


def test_the_noise_that_stays_is_that_of_a_simulated_average() -> None:
    seen = only(RULE, healthy(momentum=0.25))
    assert seen.severity == "info"
    assert seen.value == pytest.approx(7)
    batches = np.random.default_rng(0).normal(size=40_000)
    average, followed = 0.0, []
    for batch in batches:
        average += 0.25 * (batch - average)
        followed.append(average)
    assert np.std(followed) == pytest.approx(0.378, abs=0.01)
    assert "37.8 % of the standard deviation" in seen.message


@pytest.mark.parametrize("momentum", [None, 0.0, 0.01, 0.1, 0.5, 0.9])
def test_ordinary_momenta_and_reversed_ones_are_not_its_business(momentum: float | None) -> None:
    assert observed(RULE, healthy(momentum=momentum)) == []


def test_an_assumed_momentum_is_no_finding() -> None:
    assert observed(RULE, layer(momentum=Setting(0.25, "assumed"))) == []

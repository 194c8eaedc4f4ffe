from __future__ import annotations

import numpy as np
import pytest

from bncli.rules.bn302_eps_dominated import RULE
from tests.helpers.rule_cases import NUM_CHANNELS, Twins, file_of, healthy, observed, only

QUIET = {"weight": {2: 0.005}, "running_mean": {2: 0.0}, "bias": {2: 0.0}}

TWINS = Twins(
    faulty=file_of(healthy(running_var={2: 5e-6}, **QUIET)),
    sound=file_of(healthy(running_var={2: 5e-5}, **QUIET)),
)


@pytest.mark.parametrize(("num_small", "severity"), [(1, "info"), (8, "info"), (9, "warning"), (16, "warning")])
def test_more_than_half_of_the_layer_makes_it_a_warning(num_small: int, severity: str) -> None:
    seen = only(RULE, healthy(running_var=dict.fromkeys(range(num_small), 5e-6)))
    assert (seen.severity, len(seen.channels)) == (severity, num_small)


def test_the_layers_own_eps_is_the_limit() -> None:
    assert observed(RULE, healthy(running_var={2: 5e-4})) == []
    seen = only(RULE, healthy(running_var={2: 5e-4}, eps=1e-3))
    assert (seen.channels, seen.threshold) == ((2,), 1e-3)
    assert "is below eps 0.001 in 6.25 %" in seen.message


def test_channels_at_rest_are_left_to_another_rule() -> None:
    assert observed(RULE, healthy(running_var=np.full(NUM_CHANNELS, 1e-20))) == []

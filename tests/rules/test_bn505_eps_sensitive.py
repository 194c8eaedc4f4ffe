from __future__ import annotations

import numpy as np
import pytest

from bncli.rules.bn505_eps_sensitive import RULE
from tests.helpers.rule_cases import Twins, file_of, healthy, observed, only

SENSITIVE = dict.fromkeys(range(4), 1.1e-3)
"""A variance that eps 1e-5 leaves alone and eps 1e-3 does not."""
QUIET = {"running_mean": dict.fromkeys(range(4), 0.0), "weight": dict.fromkeys(range(4), 0.1),
         "bias": dict.fromkeys(range(4), 0.0)}  # fmt: skip

TWINS = Twins(
    faulty=file_of(healthy(running_var=SENSITIVE, **QUIET)),
    sound=file_of(healthy(running_var=dict.fromkeys(range(4), 0.1), **QUIET)),
)


@pytest.mark.parametrize(("num_sensitive", "severity"), [(3, None), (4, "info"), (7, "info"), (8, "warning")])
def test_the_fraction_of_channels_of_the_file_sets_the_severity(num_sensitive: int, severity: str | None) -> None:
    seen = observed(RULE, healthy(running_var=dict.fromkeys(range(num_sensitive), 1e-3)))
    assert [each.severity for each in seen] == ([] if severity is None else [severity])


def test_all_layers_count_together_and_the_most_sensitive_is_named() -> None:
    all_small = healthy("small", running_var=np.full(16, 1e-4))
    seen = only(RULE, healthy("large"), all_small)
    assert (seen.layer, seen.severity, seen.value) == (None, "warning", 0.5)
    assert "most in small" in seen.message


def test_the_change_is_that_of_the_scale() -> None:
    # sqrt((1.1e-3 + 1e-5) / (1.1e-3 + 1e-3)) = 0.727
    seen = only(RULE, healthy(running_var=SENSITIVE))
    assert "by 27.3 % with eps 0.001 instead of eps 1e-05 (assumed)" in seen.message


def test_channels_at_rest_and_layers_without_eps_do_not_count() -> None:
    assert observed(RULE, healthy(running_var=np.zeros(16)), healthy("b", eps=0.0)) == []


def test_a_large_eps_is_compared_with_the_smaller_default() -> None:
    # sqrt((4e-3 + 1e-3) / (4e-3 + 1e-5)) = 1.117
    seen = only(RULE, healthy(running_var=np.full(16, 4e-3), eps=1e-3))
    assert "with a 100th of the eps the scale of 100 %" in seen.message
    assert "by 11.7 % with eps 1e-05 instead of eps 0.001" in seen.message
    assert observed(RULE, healthy(running_var=np.full(16, 6e-3), eps=1e-3)) == []

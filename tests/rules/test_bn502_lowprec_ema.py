from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from bncli.rules.bn502_lowprec_ema import RULE
from tests.helpers.rule_cases import Twins, file_of, healthy, observed, only


def half(dtype: str = "float16", **changed: Any) -> object:
    arrays = {role: getattr(healthy(), role).astype(np.float16) for role in ("running_mean", "running_var")}
    return healthy(dtype=dtype, **arrays, **changed)


TWINS = Twins(
    faulty=file_of(half(momentum=0.01, num_batches_tracked=10_000)),
    sound=file_of(half(momentum=0.1, num_batches_tracked=10_000)),
)


@pytest.mark.parametrize(
    ("dtype", "momentum", "severity"),
    [
        ("bfloat16", 0.1, "warning"),
        ("bfloat16", 0.01, "error"),
        ("bfloat16", 0.5, None),
        ("float16", 0.1, None),
        ("float16", 0.01, "warning"),
        ("float16", 0.001, "error"),
        ("float32", 0.001, None),
    ],
)
def test_the_type_and_the_momentum_set_the_severity(dtype: str, momentum: float, severity: str | None) -> None:
    seen = observed(RULE, half(dtype, momentum=momentum))
    assert [each.severity for each in seen] == ([] if severity is None else [severity])


@pytest.mark.parametrize("momentum", [0.1, 0.01])
def test_a_bfloat16_average_in_torch_stops_about_as_far_away_as_is_told(momentum: float) -> None:
    told = only(RULE, half("bfloat16", momentum=momentum)).value
    average = torch.tensor(1.0, dtype=torch.bfloat16)
    for _ in range(2000):
        average = average * (1 - momentum) + torch.tensor(3.0, dtype=torch.bfloat16) * momentum
    missed = abs(1 - float(average) / 3.0)
    assert told / 3 < missed < told * 3


def test_a_cumulative_average_weighs_a_batch_by_its_counter() -> None:
    assert observed(RULE, half(momentum=None, num_batches_tracked=10)) == []
    assert only(RULE, half(momentum=None, num_batches_tracked=10_000)).severity == "error"
    assert observed(RULE, half(momentum=None, num_batches_tracked=None), half(momentum=0.0)) == []

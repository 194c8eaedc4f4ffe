from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from bncli.core.batch_norm_layer import Setting
from bncli.rules.bn602_eps_odd import RULE
from tests.helpers.builders import layer
from tests.helpers.rule_cases import Twins, file_of, healthy, observed, only

TWINS = Twins(faulty=file_of(healthy(eps=1e-10)), sound=file_of(healthy(eps=1e-7)))


@pytest.mark.parametrize(
    ("eps", "severity"),
    [(-1e-5, "error"), (0.0, "error"), (1e-12, "warning"), (9e-9, "warning"), (1e-8, None), (1e-5, None), (1e-3, None),
     (1e-2, None), (0.011, "warning"), (1.0, "warning"), (math.nan, "error"), (math.inf, "error"),
     (-math.inf, "error")],
)  # fmt: skip
def test_what_no_framework_uses_is_odd(eps: float, severity: str | None) -> None:
    assert [seen.severity for seen in observed(RULE, healthy(eps=eps))] == ([] if severity is None else [severity])


@pytest.mark.parametrize("eps", [1e-8, 1e-2])
def test_an_eps_that_the_format_rounded_to_float32_is_the_same(eps: float) -> None:
    assert observed(RULE, healthy(eps=float(np.float32(eps)))) == []


def test_an_assumed_eps_is_no_finding() -> None:
    assert observed(RULE, layer(eps=Setting(1e-12, "assumed"))) == []
    assert only(RULE, layer(eps=Setting(1e-12, "given"))).value == 1e-12


@pytest.mark.parametrize(("eps", "outcome"), [(math.nan, "NaN"), (math.inf, "its bias alone")])
def test_an_eps_that_is_not_finite_is_told_with_what_comes_out(eps: float, outcome: str) -> None:
    module = torch.nn.BatchNorm1d(1, eps=eps).eval()
    torch.nn.init.constant_(module.bias, 0.25)
    assert (module(torch.ones(1, 1)).item() == 0.25) is (outcome == "its bias alone")
    assert only(RULE, healthy(eps=eps)).message.endswith(f"what comes out of every channel is {outcome}")

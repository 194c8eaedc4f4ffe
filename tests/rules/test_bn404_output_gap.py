from __future__ import annotations

import numpy as np
import pytest
import torch

from bncli.rules.bn404_output_gap import RULE
from tests.helpers.evidence import evidence, file_with, observations
from tests.helpers.rule_cases import NUM_CHANNELS, Twins, healthy

LAYER = healthy()
STD = np.sqrt(LAYER.running_var.astype(np.float64) + 1e-5)

TWINS = Twins(
    faulty=file_with(evidence(mean=LAYER.running_mean + 0.3 * STD)),
    sound=file_with(evidence(mean=LAYER.running_mean + 0.05 * STD)),
)


def torch_gap(shift: float, stretch: float) -> float:
    """Return the relative distance of a torch layer's outputs over data of a shifted and stretched population."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(200_000, NUM_CHANNELS, dtype=torch.float64, generator=generator)
    x = (x - x.mean(0)) / x.std(0, correction=0)
    x = x * torch.from_numpy(STD) * stretch + torch.from_numpy(LAYER.running_mean + shift * STD)
    module = torch.nn.BatchNorm1d(NUM_CHANNELS).double()
    for name in ("weight", "bias", "running_mean", "running_var"):
        getattr(module, name).data.copy_(torch.from_numpy(getattr(LAYER, name)))
    with torch.no_grad():
        evaluated = module.eval()(x)
        return float((module.train()(x) - evaluated).norm() / evaluated.norm())


@pytest.mark.parametrize(
    ("shift", "stretch", "severity"), [(0.3, 1.0, "warning"), (0.0, 1.3, "warning"), (1.5, 1.0, "error")]
)
def test_the_gap_is_that_of_the_two_modes_of_a_torch_layer(shift: float, stretch: float, severity: str) -> None:
    (seen,) = observations(RULE, mean=LAYER.running_mean + shift * STD, biased_var=(STD * stretch) ** 2)
    assert (seen.severity, seen.threshold) == (severity, 0.5 if severity == "error" else 0.1)
    assert seen.value == pytest.approx(torch_gap(shift, stretch), rel=1e-3)


def test_a_gap_that_the_noise_of_few_samples_makes_is_none() -> None:
    few = np.full(NUM_CHANNELS, 50.0)
    assert observations(RULE, mean=LAYER.running_mean + 0.2 * STD, effective_count=few) == []


def test_a_recording_that_tells_nothing_proves_nothing() -> None:
    unknown = np.full(NUM_CHANNELS, np.nan)
    assert observations(RULE, mean=LAYER.running_mean + 9, effective_count=unknown) == []

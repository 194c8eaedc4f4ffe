"""BN602: eps is too small, too large, not positive, or no finite number."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bncli.rules.base import Observation, Rule, Threshold, each_layer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bncli.rules.checked_layer import CheckedLayer

SMALLEST_EPS = 1e-8
LARGEST_EPS = 1e-2
_ROUNDING = 1e-6
"""Formats that store eps as a float32 change it by less, relative to it."""


def _evaluate(layer: CheckedLayer) -> Iterator[Observation]:
    setting = layer.layer.eps
    if setting.source == "assumed":
        return
    if not math.isfinite(setting.value):
        outcome = "its bias alone" if setting.value == math.inf else "NaN"
        yield Observation(
            layer=layer.name,
            severity="error",
            value=setting.value,
            message=f"{layer.eps_words} is no finite number: what comes out of every channel is {outcome}",
        )
    elif setting.value <= 0:
        yield Observation(
            layer=layer.name,
            severity="error",
            value=setting.value,
            threshold=0.0,
            message=(
                f"{layer.eps_words} protects no channel from a variance of 0, which gives NaN; recent PyTorch refuses "
                "to train with it"
            ),
        )
    elif setting.value < SMALLEST_EPS * (1 - _ROUNDING):
        yield _odd(layer, SMALLEST_EPS, "scales a channel without variance by more than 10,000, and is lost in float16")
    elif setting.value > LARGEST_EPS * (1 + _ROUNDING):
        yield _odd(
            layer, LARGEST_EPS, "weighs as much as the variance of an ordinary channel, which is not normalized then"
        )


def _odd(layer: CheckedLayer, threshold: float, consequence: str) -> Observation:
    return Observation(
        layer=layer.name,
        severity="warning",
        value=layer.eps,
        threshold=threshold,
        message=f"{layer.eps_words} {consequence}",
    )


RULE = Rule(
    code="BN602",
    name="eps-odd",
    severity="error",
    summary="eps lies outside of what any framework or published model uses.",
    rationale=(
        "eps keeps the division finite where a channel has no variance. Frameworks take 1e-5 or 1e-3 by default. Much "
        "smaller ones let a dead channel be amplified by 1 / sqrt(eps); much larger ones stop the layer from "
        "normalizing; eps of 0 or below gives NaN for a channel without variance, and NaN or infinity leave nothing of "
        "any channel."
    ),
    thresholds=(
        Threshold(
            SMALLEST_EPS, "stored or given eps below it: warning", "1,000 times below the smallest default, 1e-5."
        ),
        Threshold(LARGEST_EPS, "stored or given eps above it: warning", "10 times above the largest default, 1e-3."),
        Threshold(0.0, "stored or given eps up to it: error", "The division is not protected."),
    ),
    remedy="Set eps to what the model was trained with; 1e-5 in PyTorch and 1e-3 in Keras unless it says otherwise.",
    snippet="""\
bn.eps = 1e-5
torch.optim.swa_utils.update_bn(loader, model)
""",
    references=(
        "PyTorch, aten/src/ATen/native/Normalization.cpp",
        "Keras, layers/normalization/batch_normalization.py",
    ),
    evaluate=each_layer(_evaluate),
)

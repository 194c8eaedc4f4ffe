"""BN102: a running variance is below zero."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from bncli.rules.base import Observation, Rule, Threshold, each_layer
from bncli.rules.checked_layer import worst_first
from bncli.wording import count, number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from bncli.rules.checked_layer import CheckedLayer

LEAST_VAR = 0.0


def _evaluate(layer: CheckedLayer) -> Iterator[Observation]:
    is_negative = np.isfinite(layer.var) & (layer.var < LEAST_VAR)
    if not is_negative.any():
        return
    channels = worst_first(is_negative, -layer.var)
    yield Observation(
        layer=layer.name,
        severity="error",
        channels=channels,
        value=float(layer.var[channels[0]]),
        threshold=LEAST_VAR,
        message="; ".join(_consequences(layer, is_negative)),
    )


def _consequences(layer: CheckedLayer, is_negative: NDArray[np.bool_]) -> Iterator[str]:
    radicand = layer.var + _added_eps(layer)
    lost = worst_first(is_negative & (radicand <= 0), -layer.var)
    if lost:
        yield f"{_sum(layer, lost[0], radicand)}: {count(len(lost), 'channel')} NaN or infinite in eval mode"
    amplified = worst_first(is_negative & (radicand > 0), -layer.var)
    if amplified:
        worst = amplified[0]
        scale = 1 / math.sqrt(float(radicand[worst]))
        yield f"{_sum(layer, worst, radicand)}: channel {worst} is scaled {number(scale)} times"


def _sum(layer: CheckedLayer, channel: int, radicand: NDArray[np.float64]) -> str:
    var = float(layer.var[channel])
    return f"running_var {var:.8g} with {layer.eps_words} leaves {number(float(radicand[channel]))} under the root"


def _added_eps(layer: CheckedLayer) -> float:
    """Return eps as PyTorch adds it, in float32 save for float64: where the sum cancels, rounding is what is left."""
    return layer.eps if layer.layer.dtype == "float64" else float(np.float32(layer.eps))


RULE = Rule(
    code="BN102",
    name="negative-var",
    severity="error",
    summary="A running variance is negative, which no variance is.",
    rationale=(
        "Where running_var + eps is negative the channel is NaN in eval mode; where it is barely positive the channel "
        "is amplified beyond all measure: a stored -9.9998997e-06 with eps 1e-05 scales by 99,978.\n\n"
        "It comes from converters that subtract eps from the variance, because one framework adds it once more, and "
        "from variances computed as E[x^2] - E[x]^2 in float32, which cancel for a mean that is large against the "
        "standard deviation."
    ),
    thresholds=(
        Threshold(LEAST_VAR, "running_var below it: error", "A variance is not negative; on no published model."),
    ),
    remedy=(
        "Add eps back if a converter subtracted it (then the smallest value is just above -eps); set what is left "
        "below 0 to 0, or estimate the statistics again."
    ),
    snippet="""\
if bn.running_var.min() >= -bn.eps:
    bn.running_var += bn.eps  # a converter subtracted it from every channel
bn.running_var.clamp_(min=0)  # what cancellation left below zero
""",
    references=(
        "shicai/MobileNet-Caffe#87",
        "google/flax#1491",
        "tensorflow/tensorflow#3290",
        "tensorflow/tensorflow#18334",
        "chainer/chainer#4505",
    ),
    evaluate=each_layer(_evaluate),
)

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
_ROUNDING_PER_SQUARED_MEAN = 1e-5
"""What float32 loses of E[x^2] - E[x]^2, generously: 2^-24 in each of its operations, and in each sum."""


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
        message="; ".join((*_consequences(layer, is_negative), _cause(layer, is_negative))),
        remedy=None if _is_within_eps(layer, is_negative) else _ESTIMATE_AGAIN,
    )


def _is_within_eps(layer: CheckedLayer, is_negative: NDArray[np.bool_]) -> bool:
    return bool((layer.var[is_negative] >= -_added_eps(layer)).all())


def _cause(layer: CheckedLayer, is_negative: NDArray[np.bool_]) -> str:
    var, mean = layer.var[is_negative], layer.mean[is_negative]
    if _is_within_eps(layer, is_negative):
        return "a converter subtracted eps, or a difference cancelled"
    with np.errstate(over="ignore"):
        is_rounding = bool((-var <= _ROUNDING_PER_SQUARED_MEAN * mean**2).all())
    if is_rounding:
        return "E[x^2] - E[x]^2 cancels like that in float32 beside so large a mean"
    return "no rounding does that, but arithmetic on checkpoints, arrays in the wrong order or a manual edit"


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


_ESTIMATE_AGAIN = "Estimate the statistics again from training batches; 0 in their place would be quietly wrong."

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
        "standard deviation. Values further below 0 are no variances at all: the difference of two checkpoints, an "
        "extrapolation from them, arrays in the wrong order, or an edit.\n\n"
        "Only a subtracted eps can be put back. To set a negative value to 0 would turn a loud fault into a quiet one: "
        "the channel is then finite, and amplified by weight / sqrt(eps)."
    ),
    thresholds=(
        Threshold(LEAST_VAR, "running_var below it: error", "A variance is not negative; on no published model."),
    ),
    remedy=(
        "Add eps back if a converter subtracted it (then the smallest value is just above -eps), otherwise estimate "
        "the statistics again; 0 in their place would be quietly wrong."
    ),
    snippet="""\
if bn.running_var.min() >= -bn.eps:
    bn.running_var += bn.eps  # a converter subtracted it from every channel
else:
    torch.optim.swa_utils.update_bn(loader, model)  # the file does not hold the true value
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

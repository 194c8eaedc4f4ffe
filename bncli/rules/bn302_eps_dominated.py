"""BN302: eps, not the variance, sets the gain of a channel."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from bncli.rules.base import Observation, Rule, Threshold, each_layer
from bncli.rules.checked_layer import worst_first
from bncli.wording import number, percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bncli.rules.checked_layer import CheckedLayer

WARNING_FRACTION = 0.5
_LOG_APART = math.log(100)
"""Logarithm of how far a mean and a standard deviation below sqrt(eps) must be apart in every channel."""
_WITHOUT_INPUT = (
    "; with means so far from standard deviations this small, perhaps nothing reaches the layer any more, and its "
    "variance only decays"
)
_LOOK_AT_THE_INPUT = (
    "Look at what feeds the layer; `bncli trend` over the run's checkpoints tells since when the variance only decays. "
    "If the input is meant to be that small, carry eps along when the model is ported."
)


def _evaluate(layer: CheckedLayer) -> Iterator[Observation]:
    is_dominated = layer.is_live & (layer.var < layer.eps)
    if not is_dominated.any():
        return
    channels = worst_first(is_dominated, -layer.var)
    fraction = len(channels) / layer.num_features
    may_lack_input = _may_lack_input(layer)
    yield Observation(
        layer=layer.name,
        severity="warning" if fraction > WARNING_FRACTION else "info",
        channels=channels,
        value=float(layer.var[channels[0]]),
        threshold=layer.eps,
        message=(
            f"running_var, down to {number(layer.var[channels[0]])}, is below {layer.eps_words} in {percent(fraction)} "
            "of the channels: there eps sets the gain, and another eps changes the output"
            + (_WITHOUT_INPUT if may_lack_input else "")
        ),
        remedy=_LOOK_AT_THE_INPUT if may_lack_input else None,
    )


def _may_lack_input(layer: CheckedLayer) -> bool:
    """Return whether a layer looks like one whose input became constant, and whose variance is on its way to 0.

    By T updates without a variance the standard deviation falls by (1 - m)^(T / 2). The mean falls by (1 - m)^T where
    the constant is 0, and stays elsewhere; in a layer that lives on small numbers both are of one order.
    """
    if not (layer.is_live & (layer.var < layer.eps)).all():
        return False
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = np.abs(np.log(np.abs(layer.mean) / np.sqrt(layer.var)))
    return bool((apart > _LOG_APART).all())


RULE = Rule(
    code="BN302",
    name="eps-dominated",
    severity="warning",
    summary="A running variance is smaller than eps, so that eps sets the channel's gain.",
    rationale=(
        "The layer divides by sqrt(running_var + eps). Where eps is the larger one the channel is no longer normalized "
        "to variance 1, and a port to a framework with another default (1e-3 in Keras, 1e-5 in PyTorch) changes its "
        "output. It is common in models that work, in narrow layers and in those under weight decay; only a layer that "
        "lives by eps for the most part is a warning. Channels at rest have a rule of their own, BN301.\n\n"
        "A layer that lost its input not long ago is on its way there. Its variance falls by 1 - momentum with each "
        "update, its mean goes to the constant that is left, and the two no longer are of one order."
    ),
    thresholds=(
        Threshold(
            1.0,
            "running_var / eps below it: info",
            "On 18 published models 3,452 channels in 9 of them, channels at rest included.",
        ),
        Threshold(
            WARNING_FRACTION,
            "fraction of the layer's channels above it: warning",
            "On 10 of 714 published layers; at most 98 %.",
        ),
    ),
    remedy="Carry eps along when the model is ported, and never fall back to a default.",
    snippet="""\
ported = torch.nn.BatchNorm2d(bn.num_features, eps=bn.eps, momentum=bn.momentum)
ported.load_state_dict(bn.state_dict())
""",
    references=("qqwweee/keras-yolo3#451", "wang-xinyu/tensorrtx#209"),
    evaluate=each_layer(_evaluate),
)

"""BN303: the learned scale of a channel is all but zero."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bncli.core.median import median
from bncli.rules.base import Observation, Rule, Threshold, each_layer
from bncli.rules.checked_layer import NUM_PROBE_UPDATES, worst_first
from bncli.wording import number, percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from bncli.rules.checked_layer import CheckedLayer

DEAD_SCALE_PER_MEDIAN = 1e-3
WARNING_FRACTION = 0.1


def _evaluate(layer: CheckedLayer) -> Iterator[Observation]:
    if layer.layer.weight is None or not layer.is_sound.any():
        return
    size = np.abs(layer.weight)
    threshold = DEAD_SCALE_PER_MEDIAN * median(size[layer.is_sound])
    is_dead = layer.is_sound & ((size < threshold) | (size == 0))
    if is_dead.any():
        yield _zero_at_start(layer) if _is_zero_at_start(layer) else _dead(layer, is_dead, size, threshold)


def _is_zero_at_start(layer: CheckedLayer) -> bool:
    counter = layer.layer.num_batches_tracked
    return bool((layer.weight == 0).all()) and counter is not None and counter <= NUM_PROBE_UPDATES


def _zero_at_start(layer: CheckedLayer) -> Observation:
    return Observation(
        layer=layer.name,
        severity="info",
        message=(
            "weight 0 in every channel of a layer that was hardly updated: the last layer of a residual branch, which "
            "zero_init_residual starts at 0"
        ),
        remedy="Nothing before training.",
    )


def _dead(
    layer: CheckedLayer,
    is_dead: NDArray[np.bool_],
    size: NDArray[np.float64],
    threshold: float,
) -> Observation:
    channels = worst_first(is_dead, -size)
    fraction = len(channels) / layer.num_features
    return Observation(
        layer=layer.name,
        severity="warning" if fraction > WARNING_FRACTION else "info",
        channels=channels,
        value=float(layer.weight[channels[0]]),
        threshold=threshold,
        message=(
            f"weight down to {number(layer.weight[channels[0]])}, against a median of "
            f"{number(threshold / DEAD_SCALE_PER_MEDIAN)}, in {percent(fraction)} of the channels: these give their "
            "bias whatever comes in"
        ),
    )


RULE = Rule(
    code="BN303",
    name="dead-scale",
    severity="warning",
    summary="The learned scale of a channel is zero against the others of its layer.",
    rationale=(
        "Such a channel is constant at its bias. Weight decay, or a penalty on the scales, drives those to zero that "
        "the loss does not defend; they can be pruned without a change of the output. Many of them in one layer mean "
        "that it is too wide, or that weight decay acts on scales where it should not.\n\n"
        "A layer whose scales all are 0 and that was hardly updated is a residual branch at its start."
    ),
    thresholds=(
        Threshold(
            DEAD_SCALE_PER_MEDIAN,
            "|weight| / median |weight| of the layer below it, or a weight of 0: info",
            "On 18 published models 182 channels in 9 of them.",
        ),
        Threshold(
            WARNING_FRACTION,
            "fraction of the layer's channels above it: warning",
            "On 14 of 714 published layers, channels at rest included; more than 25 % on none.",
        ),
    ),
    remedy="Prune the channels and add their bias to the next layer, or keep weight decay off scales and shifts.",
    snippet="""\
affine = {id(bn.weight), id(bn.bias)}
optimizer = torch.optim.SGD(
    [
        {"params": [p for p in model.parameters() if id(p) not in affine], "weight_decay": 5e-4},
        {"params": [bn.weight, bn.bias], "weight_decay": 0.0},
    ],
    lr=0.1,
)
""",
    references=(
        "Liu et al. 2017, Learning Efficient Convolutional Networks through Network Slimming, arXiv:1708.06519",
    ),
    evaluate=each_layer(_evaluate),
)

"""BN301: nothing reaches a channel any more."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from bncli.analysis.dead_variance import DEAD_VAR_PER_EPS
from bncli.analysis.momentum_recovery import momentum_from_floor
from bncli.core.momentum import log_decay
from bncli.rules.base import Observation, Rule, Threshold, each_layer
from bncli.rules.checked_layer import worst_first
from bncli.rules.wording import number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bncli.rules.checked_layer import CheckedLayer


def _evaluate(layer: CheckedLayer) -> Iterator[Observation]:
    if not layer.is_dead.any():
        return
    channels = worst_first(layer.is_dead, -layer.var)
    is_whole_layer = len(channels) == layer.num_features
    meaning = "no channel of the layer gets any input" if is_whole_layer else "the input of these channels is constant"
    details = "".join(f"; {detail}" for detail in (_age(layer), _floor(layer)) if detail)
    yield Observation(
        layer=layer.name,
        severity="error" if is_whole_layer else "warning",
        channels=channels,
        value=float(layer.var[channels[0]]),
        threshold=DEAD_VAR_PER_EPS * layer.eps,
        message=f"running_var down to {number(layer.var[channels[0]])}: {meaning}{details}",
    )


def _age(layer: CheckedLayer) -> str | None:
    """Return how long ago the channels died at least: the variance falls by 1 - momentum with each update.

    An age beyond the layer's own updates shows that the momentum was another one, and nothing is said.
    """
    momentum, counter = layer.layer.momentum.value, layer.layer.num_batches_tracked
    live = layer.var[layer.is_live]
    decaying = layer.var[layer.is_dead & (layer.var > 0)]
    if not (momentum and momentum < 1 and live.size and decaying.size):
        return None
    num_updates = math.log(float(np.median(live)) / float(decaying.min())) / -log_decay(momentum)
    if counter and num_updates > counter:
        return None
    return f"since at least {math.floor(num_updates):,} updates at {layer.momentum_words}"


def _floor(layer: CheckedLayer) -> str | None:
    """Return what the place says where rounding stopped the decay."""
    floor = momentum_from_floor((layer.layer,))
    if floor is None:
        return None
    low, high = floor.momentum.low, floor.momentum.high
    return (
        f"{number(floor.floor)} is the denormal floor of {floor.dtype}, where a decay ends with momentum "
        f"from {number(low)} to {number(high)}"
    )


RULE = Rule(
    code="BN301",
    name="dead-input",
    severity="error",
    summary="A running variance has decayed to nothing: the channel's input is constant.",
    rationale=(
        "A filter whose weights are all but zero gives a constant. From then on every update multiplies the running "
        "variance by 1 - momentum, so that it falls geometrically, down to where rounding stops it: in float32 at k "
        "times 2^-149 with k * momentum <= 1/2, which tells the momentum. The channel costs time and memory and does "
        "nothing, and any new input to it is amplified by up to weight / sqrt(eps).\n\n"
        "A whole layer in that state is cut off from its input."
    ),
    thresholds=(
        Threshold(
            DEAD_VAR_PER_EPS,
            "running_var / eps below it: warning; for all channels of a layer: error",
            "On 18 published models (714 layers, 49,821 channels): 229 channels in 7 models, and no whole layer.",
        ),
    ),
    remedy="Prune the channels, or re-initialize their filters and train on; a weight of 0 makes them inert.",
    snippet="""\
dead = bn.running_var < 1e-6 * bn.eps
with torch.no_grad():
    bn.weight[dead] = 0  # the output stays what it was, the bias; no new input is amplified
print(dead.nonzero().flatten().tolist())
""",
    references=("pytorch/vision#648",),
    evaluate=each_layer(_evaluate),
)

"""BN304: a ReLU behind the layer would be off for practically every input."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bncli.rules.base import Observation, Rule, Threshold, each_layer
from bncli.rules.checked_layer import NUM_DEVIATIONS, worst_first
from bncli.wording import number, percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bncli.rules.checked_layer import CheckedLayer

WARNING_FRACTION = 0.25
_LEAST_TOLD = 1e-6


def _evaluate(layer: CheckedLayer) -> Iterator[Observation]:
    if layer.layer.weight is None or layer.is_silent:
        return
    highest = layer.bias + NUM_DEVIATIONS * abs(layer.weight)
    is_off = layer.is_sound & (highest < 0)
    if not is_off.any():
        return
    channels = worst_first(is_off, -highest)
    fraction = len(channels) / layer.num_features
    worst = channels[0]
    yield Observation(
        layer=layer.name,
        severity="warning" if fraction > WARNING_FRACTION else "info",
        channels=channels,
        value=float(highest[worst]),
        threshold=0.0,
        message=(
            f"channel {worst} has bias {number(layer.bias[worst])} against weight {number(layer.weight[worst])}: if a "
            f"ReLU follows, it is active for {_active_words(layer.bias[worst], abs(layer.weight[worst]))} of Gaussian "
            f"inputs, and {percent(fraction)} of the channels are as good as off"
        ),
    )


def _active_words(bias: float, scale: float) -> str:
    """Return in percent how probable it is that `bias + scale * z` is positive for a standard normal z."""
    fraction = 0.5 * math.erfc(-bias / scale / math.sqrt(2)) if scale > 0 else 0.0
    return percent(fraction) if fraction >= _LEAST_TOLD else f"less than {percent(_LEAST_TOLD)}"


RULE = Rule(
    code="BN304",
    name="relu-dead",
    severity="warning",
    summary="The shift lies so far below zero that a ReLU behind the layer never lets the channel through.",
    rationale=(
        "Behind the layer a channel has mean bias and standard deviation |weight|. With bias + 3 |weight| below 0 a "
        "ReLU is active for less than 0.135 % of Gaussian inputs: the channel contributes nothing and gets no "
        "gradient. Without a ReLU, or with one that leaks, the state means nothing; the file does not tell what "
        "follows. A layer out of which practically nothing comes, |bias| + 3 |weight| below 0.01 in every channel, is "
        "passed over: it is the last one of a residual branch that starts at 0, and an addition follows."
    ),
    thresholds=(
        Threshold(
            NUM_DEVIATIONS,
            "bias + this many |weight| below 0: info",
            "On 18 published models 267 channels in 11 of them; on four ResNets within 2 of the channels with a weight "
            "below 0.01.",
        ),
        Threshold(WARNING_FRACTION, "fraction of the layer's channels above it: warning", "A quarter of a layer idle."),
    ),
    remedy="Prune the channels, or lower the learning rate and the weight decay of scale and shift.",
    snippet="""\
off = bn.bias + 3 * bn.weight.abs() < 0
print(off.nonzero().flatten().tolist())  # channels to prune, with the filters that feed them
""",
    references=(
        "Mehta et al. 2019, On Implicit Filter Level Sparsity in Convolutional Neural Networks, arXiv:1811.12495",
    ),
    evaluate=each_layer(_evaluate),
)

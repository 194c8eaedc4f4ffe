"""BN306: one channel is amplified far beyond the others of its layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.analysis.initial_residue import initial_residue
from bncli.rules.base import Observation, Rule, Threshold, each_layer
from bncli.rules.checked_layer import worst_first
from bncli.wording import count, number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bncli.rules.checked_layer import CheckedLayer

LEAST_RELATIVE_GAIN = 10.0
_ROUNDING = 1e-3
"""Far more than some hundred roundings to float32 change."""


def _evaluate(layer: CheckedLayer) -> Iterator[Observation]:
    relative = layer.relative_gain
    is_loud = layer.is_sound & (relative > LEAST_RELATIVE_GAIN)
    if not is_loud.any():
        return
    channels = worst_first(is_loud, relative)
    worst = channels[0]
    yield Observation(
        layer=layer.name,
        severity="warning",
        channels=channels,
        value=float(layer.gain[worst]),
        threshold=float(layer.gain[worst] / relative[worst]) * LEAST_RELATIVE_GAIN,
        message=(
            f"channel {worst} is scaled {number(layer.gain[worst])} times, {number(relative[worst])} times the median "
            f"of its layer: {_meaning(layer, worst)}"
        ),
    )


def _meaning(layer: CheckedLayer, channel: int) -> str:
    counter, left = layer.layer.num_batches_tracked, initial_residue(layer.layer)
    if counter is not None and left is not None and 0 < left < 1 and abs(layer.var[channel] / left - 1) < _ROUNDING:
        return (
            f"its running_var is what {count(int(counter), 'update')} at {layer.momentum_words} leave of the initial "
            "1, so that its input was constant, and anything else is amplified"
        )
    return "noise and rounding errors of its input are, too, unless it is an input in other units"


RULE = Rule(
    code="BN306",
    name="amplifier",
    severity="warning",
    summary="A channel's scale is more than ten times the median of its layer.",
    rationale=(
        "In eval mode the layer multiplies a channel by |weight| / sqrt(running_var + eps). A channel with next to no "
        "variance in training gets a scale of hundreds; an input that is a little different from the training data "
        "then swamps the layer, and a quantizer that shares one range for all channels leaves the others no steps. "
        "Published models have scales above 100 in 71 channels that do no harm, since the whole layer is scaled like "
        "that, so the rule compares with the layer's median."
    ),
    thresholds=(
        Threshold(
            LEAST_RELATIVE_GAIN,
            "scale / median scale of the layer above it: warning",
            "On 18 published models 5 channels in 3 of them.",
        ),
    ),
    remedy=(
        "Set the weight of channels with dead inputs to 0, bring inputs in other units to one scale before the "
        "network; for the others lower the weight and train on."
    ),
    snippet="""\
scale = bn.weight.abs() / (bn.running_var + bn.eps).sqrt()
loud = scale > 10 * scale.median()
with torch.no_grad():
    bn.weight[loud & (bn.running_var < 1e-6 * bn.eps)] = 0
""",
    references=("pytorch/vision#648",),
    evaluate=each_layer(_evaluate),
)

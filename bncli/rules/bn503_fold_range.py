"""BN503: folded into a convolution, the layer gives its channels ranges that one int8 scale cannot hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.rules.base import Observation, Rule, Threshold, each_layer
from bncli.rules.checked_layer import worst_first
from bncli.wording import number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bncli.rules.checked_layer import CheckedLayer

LEAST_RELATIVE_GAIN = 10.0
_INT8_STEPS = 127


def _evaluate(layer: CheckedLayer) -> Iterator[Observation]:
    relative = layer.relative_gain
    is_wide = layer.is_sound & (relative > LEAST_RELATIVE_GAIN)
    if not is_wide.any():
        return
    channels = worst_first(is_wide, relative)
    worst = float(relative[channels[0]])
    yield Observation(
        layer=layer.name,
        severity="warning",
        channels=channels,
        value=worst,
        threshold=LEAST_RELATIVE_GAIN,
        message=(
            f"channel {channels[0]} has {number(worst)} times the median scale: with one range for the folded weights "
            f"the median channel keeps {number(_INT8_STEPS / worst)} of {_INT8_STEPS} steps"
        ),
    )


RULE = Rule(
    code="BN503",
    name="fold-range",
    severity="warning",
    summary="Folded into a convolution, a channel's scale leaves the others few steps of a shared int8 range.",
    rationale=(
        "Quantization folds the layer into the convolution before it, which multiplies each filter by the channel's "
        "scale. With one range for the whole weight tensor the largest scale sets the step, and filters a tenth as "
        "large keep a tenth of the steps. Ranges per channel, or equalization across layers, avoid that."
    ),
    thresholds=(
        Threshold(
            LEAST_RELATIVE_GAIN,
            "scale / median scale of the layer above it: warning",
            "The condition of BN306: on 18 published models 5 channels in 3 of them.",
        ),
    ),
    remedy="Quantize weights per channel, or equalize: divide scale and shift, and multiply the filters that follow.",
    snippet="""\
scale = bn.weight.abs() / (bn.running_var + bn.eps).sqrt()
factor = (scale / (10 * scale.median())).clamp(min=1).detach()
with torch.no_grad():
    bn.weight /= factor
    bn.bias /= factor
    following.weight *= factor.view(1, -1, 1, 1)  # the convolution behind the ReLU
""",
    references=(
        "Nagel et al. 2019, Data-Free Quantization Through Weight Equalization and Bias Correction, arXiv:1906.04721",
    ),
    evaluate=each_layer(_evaluate),
    target="int8",
)

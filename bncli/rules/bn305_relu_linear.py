"""BN305: a ReLU behind the layer would let practically every input through."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.rules.base import Observation, Rule, Threshold, each_layer
from bncli.rules.checked_layer import NUM_DEVIATIONS, worst_first
from bncli.wording import number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bncli.rules.checked_layer import CheckedLayer


def _evaluate(layer: CheckedLayer) -> Iterator[Observation]:
    if layer.layer.weight is None or layer.is_silent:
        return
    lowest = layer.bias - NUM_DEVIATIONS * abs(layer.weight)
    is_linear = layer.is_sound & (lowest > 0)
    if not is_linear.any():
        return
    channels = worst_first(is_linear, lowest)
    worst = channels[0]
    yield Observation(
        layer=layer.name,
        severity="info",
        channels=channels,
        value=float(lowest[worst]),
        threshold=0.0,
        message=(
            f"bias {number(layer.bias[worst])} against weight {number(layer.weight[worst])}: if a ReLU follows it does "
            f"nothing here, and {number(lowest[worst])} of the bias can move into the next layer"
        ),
    )


RULE = Rule(
    code="BN305",
    name="relu-linear",
    severity="info",
    summary="The shift lies so far above zero that a ReLU behind the layer lets every input of the channel through.",
    rationale=(
        "Behind the layer a channel has mean bias and standard deviation |weight|. With bias - 3 |weight| above 0 a "
        "ReLU cuts nothing off, so the channel is linear. For quantization that part of the bias is range that is "
        "never used: high-bias absorption moves it into the next layer's bias."
    ),
    thresholds=(
        Threshold(
            NUM_DEVIATIONS,
            "bias - this many |weight| above 0: info",
            "On 18 published models 310 channels in 14 of them.",
        ),
    ),
    remedy="Nothing for float inference; before quantization absorb the bias into the convolution that follows.",
    snippet="""\
spare = (bn.bias - 3 * bn.weight.abs()).clamp(min=0).detach()
with torch.no_grad():
    bn.bias -= spare
    following.bias += following.weight.sum(dim=(2, 3)) @ spare  # the convolution behind the ReLU
""",
    references=(
        "Nagel et al. 2019, Data-Free Quantization Through Weight Equalization and Bias Correction, arXiv:1906.04721",
    ),
    evaluate=each_layer(_evaluate),
)

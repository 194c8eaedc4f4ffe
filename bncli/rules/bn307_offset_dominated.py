"""BN307: a channel's mean is large against its standard deviation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bncli.rules.base import Observation, Rule, Threshold, each_layer
from bncli.rules.checked_layer import worst_first
from bncli.wording import number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bncli.rules.checked_layer import CheckedLayer

LEAST_RELATIVE_MEAN = 10.0


def _evaluate(layer: CheckedLayer) -> Iterator[Observation]:
    with np.errstate(invalid="ignore", divide="ignore"):
        relative = abs(layer.mean) / layer.root
    is_offset = layer.is_sound & (relative > LEAST_RELATIVE_MEAN)
    if not is_offset.any():
        return
    channels = worst_first(is_offset, relative)
    worst = channels[0]
    yield Observation(
        layer=layer.name,
        severity="warning",
        channels=channels,
        value=float(relative[worst]),
        threshold=LEAST_RELATIVE_MEAN,
        message=(
            f"running_mean {number(layer.mean[worst])} is {number(relative[worst])} standard deviations from 0: that "
            "many times the input's rounding error is left after the mean is subtracted"
        ),
    )


RULE = Rule(
    code="BN307",
    name="offset-dominated",
    severity="warning",
    summary="A running mean is more than ten standard deviations away from zero.",
    rationale=(
        "The layer subtracts the mean. If that is large against the standard deviation, most digits of the input are "
        "subtracted with it: of the 11 bits of float16, 3 are gone at a factor of 10. Variances computed as "
        "E[x^2] - E[x]^2 suffer twice as much."
    ),
    thresholds=(
        Threshold(
            LEAST_RELATIVE_MEAN,
            "|running_mean| / sqrt(running_var + eps) above it: warning",
            "On 18 published models 7 channels in 3 of them.",
        ),
    ),
    remedy="Let the layer before it give zero-mean channels: move the mean into its bias, or standardize the input.",
    snippet="""\
bias = torch.zeros_like(bn.running_mean) if producer.bias is None else producer.bias.detach()
producer.bias = torch.nn.Parameter(bias - bn.running_mean)  # the convolution before bn
bn.running_mean.zero_()
""",
    references=("google/flax#1491", "tensorflow/tensorflow#3290"),
    evaluate=each_layer(_evaluate),
)

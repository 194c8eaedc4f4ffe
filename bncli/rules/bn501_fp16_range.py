"""BN501: a number of the layer does not fit into float16."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bncli.core.float_types import FLOAT_TYPES
from bncli.rules.base import Observation, Rule, Threshold, each_layer
from bncli.rules.checked_layer import worst_first
from bncli.wording import count, number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bncli.rules.checked_layer import CheckedLayer

LARGEST = FLOAT_TYPES["float16"].largest
SMALLEST = FLOAT_TYPES["float16"].smallest


def _evaluate(layer: CheckedLayer) -> Iterator[Observation]:
    yield from _overflow(layer)
    yield from _underflow(layer)


def _overflow(layer: CheckedLayer) -> Iterator[Observation]:
    """Yield what becomes infinite: a variance, which silences its channel, or the folded scale and shift."""
    scale, shift = layer.layer.scale_and_shift()
    size = np.maximum(np.maximum(layer.var, abs(layer.mean)), np.maximum(abs(scale), abs(shift)))
    is_large = layer.is_sound & (size > LARGEST)
    if not is_large.any():
        return
    is_lost = is_large & (np.maximum(layer.var, abs(layer.mean)) > LARGEST)
    channels = worst_first(is_large, size)
    num_lost = int(is_lost.sum())
    what = (
        f"a running statistic becomes infinite in {count(num_lost, 'channel')}, whose output then is constant or "
        "infinite"
        if num_lost
        else "scale or shift becomes infinite if the layer is folded into a convolution"
    )
    yield Observation(
        layer=layer.name,
        severity="error" if num_lost else "warning",
        channels=channels,
        value=float(size[channels[0]]),
        threshold=LARGEST,
        message=f"values up to {number(size[channels[0]])} exceed the largest float16, 65,504: {what}",
    )


def _underflow(layer: CheckedLayer) -> Iterator[Observation]:
    is_flushed = layer.is_live & (layer.var > 0) & (layer.var < SMALLEST)
    if not is_flushed.any():
        return
    channels = worst_first(is_flushed, -layer.var)
    yield Observation(
        layer=layer.name,
        severity="warning",
        channels=channels,
        value=float(layer.var[channels[0]]),
        threshold=SMALLEST,
        message=(
            f"running_var down to {number(layer.var[channels[0]])} is below the smallest float16, 5.96e-08: it becomes "
            "0 or that, and eps alone sets the gain"
        ),
    )


RULE = Rule(
    code="BN501",
    name="fp16-range",
    severity="error",
    summary="A running variance, or the scale or shift that it gives, lies outside of the range of float16.",
    rationale=(
        "model.half() converts the buffers too. A variance above 65,504 becomes infinite, and the channel's output is "
        "its bias whatever comes in, without an error. A variance below 6e-8 becomes 0. Where the layer is folded into "
        "a convolution, scale and shift must fit as well. Channels at rest, whose variance means nothing, are left to "
        "BN301."
    ),
    thresholds=(
        Threshold(
            LARGEST,
            "running_var or |running_mean| above it: error; scale or |shift| above it: warning",
            "The largest float16. On 18 published models 4 variances in 2 of them.",
        ),
        Threshold(
            SMALLEST,
            "running_var below it, and above 0: warning",
            "The smallest float16. On 18 published models 430 channels in 7 of them, channels at rest included.",
        ),
    ),
    remedy="Keep batch normalization in float32 when the rest of the model is converted.",
    snippet="""\
for module in model.modules():
    is_leaf = not any(module.children())
    if is_leaf and not isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
        module.half()  # model.half() would convert the buffers too, and not back again
""",
    references=("NVIDIA/apex#144", "open-mmlab/mmsegmentation#1507", "pytorch/pytorch#126525"),
    evaluate=each_layer(_evaluate),
    target="fp16",
)

"""BN302: eps, not the variance, sets the gain of a channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.rules.base import Observation, Rule, Threshold, each_layer
from bncli.rules.checked_layer import worst_first
from bncli.wording import number, percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bncli.rules.checked_layer import CheckedLayer

WARNING_FRACTION = 0.5


def _evaluate(layer: CheckedLayer) -> Iterator[Observation]:
    is_dominated = layer.is_live & (layer.var < layer.eps)
    if not is_dominated.any():
        return
    channels = worst_first(is_dominated, -layer.var)
    fraction = len(channels) / layer.num_features
    yield Observation(
        layer=layer.name,
        severity="warning" if fraction > WARNING_FRACTION else "info",
        channels=channels,
        value=float(layer.var[channels[0]]),
        threshold=layer.eps,
        message=(
            f"running_var, down to {number(layer.var[channels[0]])}, is below {layer.eps_words} in {percent(fraction)} "
            "of the channels: there eps sets the gain, and another eps changes the output"
        ),
    )


RULE = Rule(
    code="BN302",
    name="eps-dominated",
    severity="warning",
    summary="A running variance is smaller than eps, so that eps sets the channel's gain.",
    rationale=(
        "The layer divides by sqrt(running_var + eps). Where eps is the larger one the channel is no longer normalized "
        "to variance 1, and a port to a framework with another default (1e-3 in Keras, 1e-5 in PyTorch) changes its "
        "output. It is common in models that work, in narrow layers and in those under weight decay; only a layer that "
        "lives by eps for the most part is a warning. Channels at rest have a rule of their own, BN301."
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

"""BN601: the momentum looks like the other framework's, the weight of the old value, or is no weight at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.core.complement import complement
from bncli.core.momentum import effective_batches
from bncli.rules.base import Observation, Rule, Threshold, each_layer
from bncli.wording import number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bncli.rules.checked_layer import CheckedLayer

LEAST_REVERSED_MOMENTUM = 0.5


def _evaluate(layer: CheckedLayer) -> Iterator[Observation]:
    setting = layer.layer.momentum
    if setting.value is None or setting.source == "assumed":
        return
    if not 0 <= setting.value <= 1:
        yield Observation(
            layer=layer.name,
            severity="error",
            value=setting.value,
            message=(
                f"{layer.momentum_words} is no weight, which lies from 0 to 1: running statistics that are updated by "
                "it are no averages of what the batches hold"
            ),
            remedy="Give the layer a momentum from 0 to 1, then estimate the statistics again.",
        )
    elif setting.value == 0:
        yield _standing_still(layer)
    elif setting.value == 1:
        yield _last_alone(layer)
    elif setting.value >= LEAST_REVERSED_MOMENTUM:
        yield _reversed(layer, setting.value)


def _standing_still(layer: CheckedLayer) -> Observation:
    return Observation(
        layer=layer.name,
        severity="warning",
        value=0.0,
        message=(
            f"{layer.momentum_words}: a new batch has no weight, so that training never moves the running statistics, "
            "and eval mode keeps those that the layer began with"
        ),
        remedy=(
            "Give the layer a momentum above 0, then estimate the statistics again; nothing, if they are frozen on "
            "purpose."
        ),
    )


def _last_alone(layer: CheckedLayer) -> Observation:
    return Observation(
        layer=layer.name,
        severity="warning",
        value=1.0,
        threshold=LEAST_REVERSED_MOMENTUM,
        message=f"{layer.momentum_words}: the running statistics are those of the last batch, and of no other",
        remedy="Give the layer a momentum such as 0.1, then estimate the statistics again.",
    )


def _reversed(layer: CheckedLayer, momentum: float) -> Observation:
    return Observation(
        layer=layer.name,
        severity="warning",
        value=momentum,
        threshold=LEAST_REVERSED_MOMENTUM,
        message=(
            f"a new batch has weight {momentum:g}, so that the running statistics are worth "
            f"{number(effective_batches(momentum))} batches; {_likely_meant(layer, momentum)}"
        ),
    )


def _likely_meant(layer: CheckedLayer, momentum: float) -> str:
    if layer.layer.framework == "torch":
        return f"as a decay of Keras or TensorFlow it would be momentum {complement(momentum):g} in PyTorch"
    return (
        f"in this framework's convention it is a decay of {complement(momentum):g}, where {momentum:g} was likely meant"
    )


RULE = Rule(
    code="BN601",
    name="momentum-direction",
    severity="error",
    summary=(
        "A new batch weighs half or more in the running statistics, as if momentum meant the old value's weight, or "
        "nothing."
    ),
    rationale=(
        "In PyTorch momentum is the weight of the new batch, 0.1 by default. In Keras, TensorFlow, Flax and ONNX it "
        "is the weight of the old value, 0.99 or 0.9. Pasted from one into the other it makes the statistics those of "
        "the last batch: eval mode then depends on which batch was last.\n\n"
        "With a momentum of 0 they stand still, while the weights in front of the layer go on to learn. Few files "
        "store a momentum: whole modules do, and exports. Of others `bncli diff` sees it in two files (BN702).\n\n"
        "A number outside of 0 to 1, or NaN, is a weight in neither: the running variance can then become negative, "
        "grow without bound, or be lost at the next update."
    ),
    thresholds=(
        Threshold(
            LEAST_REVERSED_MOMENTUM,
            "weight of the new batch from it on, stored or given: warning",
            "Between the two conventions: defaults are 0.01 to 0.1 on one side, and 0.9 to 0.999 on the other.",
        ),
        Threshold(0.0, "stored or given weight of the new batch equal to it: warning", "Nothing moves."),
        Threshold(1.0, "stored weight of the new batch above it, or below 0: error", "A weighted mean has no other."),
    ),
    remedy="Take 1 - momentum, then train on or estimate the statistics again.",
    snippet="""\
bn.momentum = 1 - bn.momentum if 0.5 < bn.momentum < 1 else 0.1
torch.optim.swa_utils.update_bn(loader, model)
""",
    references=("eriklindernoren/PyTorch-YOLOv3#230", "huggingface/transformers#19454"),
    evaluate=each_layer(_evaluate),
)

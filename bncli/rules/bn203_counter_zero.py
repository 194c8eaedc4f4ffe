"""BN203: the counter of updates does not fit the statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.rules.base import Observation, Rule, Threshold, each_layer
from bncli.rules.checked_layer import NUM_PROBE_UPDATES
from bncli.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bncli.rules.checked_layer import CheckedLayer

FEWEST_TRAINING_UPDATES = 100


def _evaluate(layer: CheckedLayer) -> Iterator[Observation]:
    counter = layer.layer.num_batches_tracked
    if counter is None or not layer.num_features or layer.is_initial.all() or layer.is_zero:
        return
    if counter == 0:
        yield _converted(layer)
    elif counter > 0 and layer.is_barely_touched:
        yield Observation(
            layer=layer.name,
            severity="info",
            value=float(counter),
            threshold=float(NUM_PROBE_UPDATES),
            message=(
                f"{count(int(counter), 'update')} of the statistics, while weight and bias are as initialized: a "
                "forward pass in train mode, such as a probe of the strides, not training"
            ),
            remedy="Nothing before training; probe in eval mode if the statistics of a new model are to be 0 and 1.",
        )
    elif counter >= FEWEST_TRAINING_UPDATES and _has_new_parameters(layer):
        yield _without_optimizer(layer, int(counter))


def _has_new_parameters(layer: CheckedLayer) -> bool:
    """Return whether scale and shift are there and at the values of a new layer, bit for bit."""
    has_both = layer.layer.weight is not None and layer.layer.bias is not None
    return has_both and bool((layer.weight == 1).all() and (layer.bias == 0).all())


def _without_optimizer(layer: CheckedLayer, counter: int) -> Observation:
    return Observation(
        layer=layer.name,
        severity="warning",
        value=float(counter),
        threshold=float(FEWEST_TRAINING_UPDATES),
        message=(
            f"{count(counter, 'update')} of the statistics, while weight is exactly 1 and bias exactly 0 in every "
            "channel: no optimizer moved them, as where its parameter groups leave them out or requires_grad is False, "
            "or they were initialized again after loading"
        ),
        remedy=(
            "Give the optimizer all parameters, and initialize before loading; nothing, if scale and shift are meant "
            "to stay at 1 and 0."
        ),
    )


def _converted(layer: CheckedLayer) -> Observation:
    is_cumulative = layer.layer.momentum.value is None
    never_counts = "" if layer.layer.class_name else ", or InstanceNorm, which never counts"
    message = (
        "num_batches_tracked is 0 beside trained statistics: converted from another framework, or averaged by a tool "
        f"that does not count{never_counts}, and not untrained"
    )
    if is_cumulative:
        message += "; with a cumulative average the next batch gets weight 1 / (0 + 1) and replaces them all"
    return Observation(
        layer=layer.name,
        severity="warning" if is_cumulative else "info",
        value=0.0,
        message=message,
        remedy=None if is_cumulative else "Nothing for inference; set the counter before momentum=None is used.",
    )


RULE = Rule(
    code="BN203",
    name="counter-zero",
    severity="warning",
    summary="The counter says that a layer was never updated, but its statistics are trained; or the other way round.",
    rationale=(
        "A counter of 0 beside trained statistics is the mark of a model converted from a framework without a "
        "counter, and of moving averages that copy or average floating-point values only. InstanceNorm stores arrays "
        "of the same names and never counts; a state dict does not tell the two apart. It does no harm at a fixed "
        "momentum. With momentum=None the weight of a batch is 1 / (T + 1), so the first training batch would replace "
        "all that was learned.\n\n"
        "A few updates beside an untouched weight and bias were probes of a new model in train mode. Many of them were "
        "training, of which an optimizer's step moves every parameter that it was given: those that a filter by name "
        "or by number of axes keeps off weight decay are easily left out altogether."
    ),
    thresholds=(
        Threshold(
            NUM_PROBE_UPDATES,
            "num_batches_tracked up to it, beside an initial weight and bias: info",
            "Tools that probe a model run it once to a few times. Of 18 published models, 1 has counters of 0.",
        ),
        Threshold(
            FEWEST_TRAINING_UPDATES,
            "num_batches_tracked from it on, beside a weight of 1 and a bias of 0: warning",
            "No probe or warm-up runs as often. On no layer of nine published files.",
        ),
    ),
    remedy="Before training with momentum=None, set the counter to the number of batches behind the statistics.",
    snippet="""\
bn.num_batches_tracked.fill_(1000)  # the statistics then weigh as much as 1,000 batches
""",
    references=(
        "ultralytics/ultralytics#18149",
        "huggingface/pytorch-image-models#245",
        "THU-MIG/yolov10#547",
    ),
    evaluate=each_layer(_evaluate),
)

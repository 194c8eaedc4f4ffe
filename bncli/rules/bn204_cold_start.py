"""BN204: the initial values still weigh in the running statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bncli.core.momentum import residue, steps_to_residue
from bncli.rules.base import Observation, Rule, Threshold, each_layer
from bncli.rules.wording import count, number, percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bncli.rules.checked_layer import CheckedLayer

WARNING_RESIDUE = 0.01
ERROR_RESIDUE = 0.1
_ROUNDING = 1e-3
"""A variance may lie this far below the residue, relative to it, by rounding alone."""


def _evaluate(layer: CheckedLayer) -> Iterator[Observation]:
    counter, momentum = layer.layer.num_batches_tracked, layer.layer.momentum.value
    if counter is None or not counter >= 1 or momentum is None or layer.is_barely_touched:
        return
    left = residue(momentum, counter)
    if left <= WARNING_RESIDUE or not _could_hold(layer, left) or layer.is_initial.all():
        return
    yield Observation(
        layer=layer.name,
        severity="error" if left > ERROR_RESIDUE else "warning",
        value=left,
        threshold=ERROR_RESIDUE if left > ERROR_RESIDUE else WARNING_RESIDUE,
        message=_message(layer, counter, momentum, left),
    )


def _could_hold(layer: CheckedLayer, left: float) -> bool:
    """Return whether the variances can hold that much of the initial 1.

    Each is `left * 1 + (1 - left) * something that is not negative`. A smaller one says that the statistics are no
    running average of this momentum from 0 and 1 on: re-estimated, or trained on from others with a new counter.
    """
    var = layer.var[layer.is_sound]
    return var.size > 0 and float(var.min()) >= left * (1 - _ROUNDING)


def _message(layer: CheckedLayer, counter: int | float, momentum: float, left: float) -> str:
    text = (
        f"after {count(int(counter), 'update')} at {layer.momentum_words} the initial mean 0 and variance 1 still "
        f"weigh {percent(left)}"
    )
    enough = steps_to_residue(momentum, WARNING_RESIDUE)
    if enough is not None:
        text += f"; it takes {count(enough, 'update')} to come down to 1 %"
    if left < 1:
        channel = int(np.argmin(np.where(layer.is_sound, layer.var, np.inf)))
        mean = layer.mean[channel] / (1 - left)
        var = max((layer.var[channel] - left) / (1 - left), 0.0)
        text += (
            f"; without them channel {channel} has variance {number(var)} instead of {number(layer.var[channel])}, "
            f"and mean {number(mean)} instead of {number(layer.mean[channel])}"
        )
    return text


RULE = Rule(
    code="BN204",
    name="cold-start",
    severity="error",
    summary="So few updates were made that the initial mean 0 and variance 1 still weigh in the running statistics.",
    rationale=(
        "After T updates the initial values keep the weight (1 - momentum)^T: 1 % after 44 updates at momentum 0.1, "
        "after 459 at 0.01, after 4,603 at 0.001. Until then eval mode normalizes with a mixture of the data and of "
        "numbers that have nothing to do with it. PyTorch does not correct for it as Adam does; with the counter it "
        "can be undone exactly.\n\n"
        "The rule keeps quiet where a variance is smaller than that weight: then the statistics hold no such residue, "
        "for instance because they were estimated with momentum=None."
    ),
    thresholds=(
        Threshold(WARNING_RESIDUE, "(1 - momentum)^T above it: warning", "On none of 18 published models."),
        Threshold(ERROR_RESIDUE, "(1 - momentum)^T above it: error", "On none of 18 published models."),
    ),
    remedy="Train longer, raise the momentum, estimate the statistics with a plain average, or take the residue out.",
    snippet="""\
left = (1 - bn.momentum) ** int(bn.num_batches_tracked)
bn.running_mean.div_(1 - left)
bn.running_var.sub_(left).div_(1 - left)
""",
    references=("tensorflow/tensorflow#1122", "ultralytics/yolov5#9038", "pytorch/pytorch#4741"),
    evaluate=each_layer(_evaluate),
)

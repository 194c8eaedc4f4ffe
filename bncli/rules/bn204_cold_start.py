"""BN204: the initial values still weigh in the running statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bncli.analysis.initial_residue import initial_residue
from bncli.core.momentum import residue, steps_to_residue
from bncli.rules.base import Observation, Rule, Threshold
from bncli.wording import count, number, percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bncli.rules.checked_file import CheckedFile
    from bncli.rules.checked_layer import CheckedLayer

WARNING_RESIDUE = 0.01
ERROR_RESIDUE = 0.1
LEAST_DISTANCE = 0.1
_FEWEST_CHANNELS = 16
_ROUNDING = 1e-3
"""A variance may lie this far below the residue, relative to it, by rounding alone."""


def _evaluate(file: CheckedFile) -> Iterator[Observation]:
    by_history: dict[tuple[float, float], list[CheckedLayer]] = {}
    for layer in file.layers:
        history = _history(layer)
        if history is not None:
            by_history.setdefault(history, []).append(layer)
    for (counter, momentum), layers in by_history.items():
        left = residue(momentum, counter)
        lowest = min(layers, key=_smallest_var)
        if _smallest_var(lowest) < left * (1 - _ROUNDING):
            yield _contradiction(lowest, counter, left)
        elif file.is_averaged:
            yield _averaged(lowest, counter, left)
        else:
            yield from (_cold(layer, counter, momentum, left) for layer in layers)
    yield from _hardly_moved(file)


def _hardly_moved(file: CheckedFile) -> Iterator[Observation]:
    """Yield layers that all lie near the initial statistics although their counter does not say why.

    One layer may have normalized inputs; all layers of one counter, in all of their channels, have not.
    """
    by_counter: dict[float | None, list[CheckedLayer]] = {}
    for layer in file.layers:
        if not layer.is_initial.all():
            by_counter.setdefault(layer.layer.num_batches_tracked, []).append(layer)
    for layers in by_counter.values():
        is_sure = len(layers) > 1 and sum(layer.num_features for layer in layers) >= _FEWEST_CHANNELS
        if is_sure and all(layer.distance_from_initial <= LEAST_DISTANCE for layer in layers):
            furthest = max(layer.distance_from_initial for layer in layers)
            yield from (_lagging(layer, furthest) for layer in layers if _is_unexplained(layer))


def _is_unexplained(layer: CheckedLayer) -> bool:
    left = initial_residue(layer.layer)
    return not layer.is_barely_touched and (left is None or left <= WARNING_RESIDUE)


def _lagging(layer: CheckedLayer, furthest: float) -> Observation:
    return Observation(
        layer=layer.name,
        severity="warning",
        value=furthest,
        threshold=LEAST_DISTANCE,
        message=(
            f"every mean lies within {number(furthest)} of 0 and every variance within that of 1, here and in all "
            "layers of this counter: the statistics have hardly left their initial values, as in a moving average "
            "(EMA) with a decay so near to 1 that the run was too short for it, or with so small a momentum"
        ),
        remedy=(
            "Use the weights that were averaged, or average again with a decay that grows, such as min(decay, "
            "(1 + step) / (10 + step)); where the weights are trained, estimate the statistics with update_bn."
        ),
    )


def _history(layer: CheckedLayer) -> tuple[float, float] | None:
    """Return counter and momentum of a layer that may still hold its initial values; `None` for others."""
    counter, momentum, left = layer.layer.num_batches_tracked, layer.layer.momentum.value, initial_residue(layer.layer)
    if counter is None or momentum is None or left is None or left <= WARNING_RESIDUE:
        return None
    is_unwritten = layer.is_zero or layer.is_initial.all()
    if momentum == 0:
        return None  # nothing moved the statistics: where they are not initial, they came from elsewhere
    may_hold_it = layer.is_sound.any() and not is_unwritten and not layer.is_barely_touched
    return (counter, momentum) if may_hold_it else None


def _smallest_var(layer: CheckedLayer) -> float:
    return float(layer.var[layer.is_sound].min())


def _contradiction(layer: CheckedLayer, counter: float, left: float) -> Observation:
    """Return what shows that the layers of this counter hold no residue.

    A running variance is `left * 1 + (1 - left) * something that is not negative`. A smaller one is no running average
    of this momentum from 0 and 1 on.
    """
    return _harmless(
        layer,
        left,
        f"after {count(int(counter), 'update')} at {layer.momentum_words} the initial variance 1 would still weigh "
        f"{percent(left)}, but running_var goes down to {number(_smallest_var(layer))}: the statistics were estimated "
        "anew as a plain average, or the counter restarted",
        remedy="Nothing; if the statistics are not good, estimate them again over more batches.",
    )


def _averaged(layer: CheckedLayer, counter: float, left: float) -> Observation:
    return _harmless(
        layer,
        left,
        f"after {count(int(counter), 'update')} at {layer.momentum_words} the initial mean 0 and variance 1 would "
        f"still weigh {percent(left)}, but the weights are an average (the file holds n_averaged): update_bn, which "
        "such a model needs, is a plain average of that many batches and leaves nothing of them",
        remedy="Nothing after update_bn; without it, run it.",
    )


def _harmless(layer: CheckedLayer, left: float, message: str, remedy: str) -> Observation:
    return Observation(
        layer=layer.name, severity="info", value=left, threshold=WARNING_RESIDUE, message=message, remedy=remedy
    )


def _cold(layer: CheckedLayer, counter: float, momentum: float, left: float) -> Observation:
    return Observation(
        layer=layer.name,
        severity="error" if left > ERROR_RESIDUE else "warning",
        value=left,
        threshold=ERROR_RESIDUE if left > ERROR_RESIDUE else WARNING_RESIDUE,
        message=_message(layer, counter, momentum, left),
    )


def _message(layer: CheckedLayer, counter: float, momentum: float, left: float) -> str:
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
    return text + "; unless update_bn or momentum=None estimated the statistics: then nothing is left of them"


RULE = Rule(
    code="BN204",
    name="cold-start",
    severity="error",
    summary="So few updates were made that the initial mean 0 and variance 1 still weigh in the running statistics.",
    rationale=(
        "After T updates the initial values keep the weight (1 - momentum)^T: 1 % after 44 updates at momentum 0.1, "
        "after 459 at 0.01, after 4,603 at 0.001. Until then eval mode normalizes with a mixture of the data and of "
        "numbers that have nothing to do with it. PyTorch does not correct for it as Adam does; with the counter it "
        "can be undone exactly: with left = (1 - momentum)^T, the mean is running_mean / (1 - left) and the variance "
        "(running_var - left) / (1 - left).\n\n"
        "Statistics that update_bn estimated, or any training with momentum=None, are a plain average of T batches, "
        "and nothing is left of the initial values. No file says so, and to divide such statistics would break them. A "
        "variance below that weight shows it, and so does the counter of torch's AveragedModel, n_averaged: then the "
        "small counter is only mentioned. Where neither does and you know it, check with --momentum none.\n\n"
        "A moving average of the weights (EMA) that includes the buffers starts at 0 and 1 as well, and at a decay of "
        "0.9999 holds 97 % of them after 300 steps, under a counter of 0 or the model's own. It shows where all layers "
        "lie near the initial statistics at once."
    ),
    thresholds=(
        Threshold(WARNING_RESIDUE, "(1 - momentum)^T above it: warning", "On none of 18 published models."),
        Threshold(ERROR_RESIDUE, "(1 - momentum)^T above it: error", "On none of 18 published models."),
        Threshold(
            LEAST_DISTANCE,
            "distance of all means from 0 and all variances from 1, in every layer of one counter, up to it: warning",
            "On no layer of nine published files.",
        ),
    ),
    remedy=(
        "Train longer, raise the momentum, or estimate the statistics with update_bn. If it estimated them already, "
        "nothing is wrong: check with --momentum none."
    ),
    snippet="""\
torch.optim.swa_utils.update_bn(loader, model)  # a plain average: nothing is left of the initial values
""",
    references=(
        "tensorflow/tensorflow#1122",
        "ultralytics/yolov5#9038",
        "pytorch/pytorch#4741",
        "huggingface/pytorch-image-models#245",
    ),
    evaluate=_evaluate,
)

"""BN201: the running statistics are those of a new layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.rules.base import Observation, Rule
from bncli.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bncli.rules.checked_file import CheckedFile
    from bncli.rules.checked_layer import CheckedLayer


def _evaluate(file: CheckedFile) -> Iterator[Observation]:
    num_trained = sum(_is_trained(layer) for layer in file.layers)
    are_folded = _are_folded(file)
    for layer in file.layers:
        if layer.is_zero:
            yield _zero(layer)
        if not (layer.num_features and layer.is_initial.all()):
            continue
        if layer.has_initial_affine:
            yield _left_new(layer, num_trained) if num_trained else _untrained(layer)
        elif _is_frozen(layer, are_folded):
            yield _frozen(layer)
        else:
            yield _lost(layer)


def _is_trained(layer: CheckedLayer) -> bool:
    return bool(layer.num_features) and not (layer.is_initial.all() or layer.is_zero or layer.is_barely_touched)


def _are_folded(file: CheckedFile) -> bool:
    """Return whether layers without a counter are frozen ones: all of them have initial statistics.

    A layer that PyTorch trains always has a counter, so that those without one beside it are of another class. A single
    one may as well have lost its statistics.
    """
    uncounted = [layer for layer in file.layers if layer.layer.num_batches_tracked is None]
    are_company = len(uncounted) > 1 or len(uncounted) == len(file.layers)
    return are_company and all(bool(layer.is_initial.all()) for layer in uncounted)


def _is_frozen(layer: CheckedLayer, are_folded: bool) -> bool:
    """Return whether trained scale and shift without a counter make a layer whose statistics were folded in."""
    if layer.layer.num_batches_tracked is not None:
        return False
    return layer.is_frozen_var or (layer.layer.framework == "torch" and are_folded)


def _untrained(layer: CheckedLayer) -> Observation:
    return Observation(
        layer=layer.name,
        severity="info",
        message="mean 0 and variance 1 in every channel, weight and bias as initialized: the layer is untrained",
        remedy="Nothing, if the model is meant to be untrained.",
    )


def _left_new(layer: CheckedLayer, num_trained: int) -> Observation:
    return Observation(
        layer=layer.name,
        severity="warning",
        message=(
            "mean 0 and variance 1 in every channel, weight and bias as initialized, beside "
            f"{count(num_trained, 'trained layer')}: not loaded, as strict=False lets pass, or never run, as an "
            "auxiliary head that is not in use"
        ),
        remedy=(
            "Compare the keys that load_state_dict returns as missing and unexpected, and load under the right names; "
            "nothing, if the layer is not in use."
        ),
    )


def _zero(layer: CheckedLayer) -> Observation:
    return Observation(
        layer=layer.name,
        severity="error",
        value=0.0,
        message=(
            f"mean and variance exactly 0 in all {count(layer.num_features, 'channel')}: the buffers were never "
            "written (to_empty, zeros_like, a sharded save), unless the input is always 0, and eval mode divides by "
            "sqrt(eps) alone"
        ),
        remedy=(
            "Load the buffers, or estimate them from training batches; if they are 0 again, nothing reaches the layer."
        ),
    )


def _frozen(layer: CheckedLayer) -> Observation:
    variance = f"1 - {layer.eps:g}" if layer.is_frozen_var else "1"
    return Observation(
        layer=layer.name,
        severity="info",
        message=(
            f"mean 0 and variance {variance} beside a trained weight and bias, and no counter: the statistics were "
            "folded into weight and bias, as in a FrozenBatchNorm2d"
        ),
        remedy="Nothing, if the layer is meant to be frozen.",
    )


def _lost(layer: CheckedLayer) -> Observation:
    counter = layer.layer.num_batches_tracked
    cause = "the buffers were lost on the way"
    if isinstance(counter, int) and counter > 0:
        cause = f"they were lost after {count(counter, 'update')}, or momentum was 0"
    return Observation(
        layer=layer.name,
        severity="error",
        message=(
            f"mean 0 and variance 1 in all {count(layer.num_features, 'channel')} beside a trained weight and bias: "
            f"{cause}, and eval mode does not normalize at all"
        ),
    )


RULE = Rule(
    code="BN201",
    name="never-updated",
    severity="error",
    summary="All running means are 0 and all running variances 1, or 0, although the layer was trained.",
    rationale=(
        "These are the values of a new layer. Trained weights beside them mean that the statistics were never "
        "written: buffers were left out of an averaged or converted model, update operations did not run, a "
        "functional update was dropped. Training looks fine, for it uses the batch; eval mode gives a constant class. "
        "Means and variances of exactly 0 come from memory that was made and never filled; a decay does not get "
        "there, for it ends at the smallest positive numbers.\n\n"
        "A layer whose weight and bias are initial too is a warning beside layers that were trained: load_state_dict "
        "with strict=False passes over keys that do not fit. An auxiliary head that is not in use looks the same.\n\n"
        "Two states look alike and are sound, so they are only mentioned: an untrained model (weight and bias are "
        "initial in all layers), and a frozen layer whose statistics were folded into weight and bias (it has no "
        "counter, nor has any layer with other statistics, and the variance may be 1 - eps so that the layer divides "
        "by exactly 1). Files of frameworks without a counter cannot claim the latter by its absence."
    ),
    thresholds=(),
    remedy="Copy the buffers from the model that was trained, or estimate them from training batches.",
    snippet="""\
torch.optim.swa_utils.update_bn(loader, model)
assert bn.num_batches_tracked > 0
""",
    references=(
        "HomericIntelligence/Odyssey#5543",
        "tensorflow/tensorflow#11965",
        "lucidrains/ema-pytorch#8",
        "detectron2.layers.FrozenBatchNorm2d",
    ),
    evaluate=_evaluate,
)

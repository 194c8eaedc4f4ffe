"""BN603: a statistic is stored in another framework's encoding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bncli.rules.base import Observation, Rule, Threshold
from bncli.rules.checked_layer import NUM_DEVIATIONS, worst_first
from bncli.wording import count, percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from bncli.rules.checked_file import CheckedFile
    from bncli.rules.checked_layer import CheckedLayer

    FloatArray = NDArray[np.float64]
    Mask = NDArray[np.bool_]

FEWEST_CHANNELS_AT_EPS = 2
_USUAL_EPS = (1e-5, 1e-3)
LEAST_LINEAR = 0.5
LEAST_NEGATIVE = 0.1
_LEAST_POSITIVE = 0.95
_FEWEST_LAYERS_EXCHANGED = 2


def _evaluate(file: CheckedFile) -> Iterator[Observation]:
    for skipped in file.skipped:
        if skipped.fault == "foreign-statistic":
            yield Observation(
                layer=skipped.name,
                severity="warning",
                message=(
                    f"{skipped.reason}: what it holds differs by version, a variance in Keras 1 in spite of its name, "
                    "a standard deviation in batch renormalization; the layer was not checked"
                ),
            )
    for layer in file.layers:
        yield from _with_eps_added(layer)
    yield from _with_exchanged_parameters(file)


def _with_eps_added(layer: CheckedLayer) -> Iterator[Observation]:
    """Yield a layer whose smallest variance is eps itself, in several channels: 0 + eps."""
    sound = layer.var[layer.is_sound]
    if not sound.size:
        return
    smallest = float(sound.min())
    usual = layer.in_stored_precision(layer.eps, *_USUAL_EPS)
    is_at_eps = layer.is_sound & (layer.var == smallest)
    if int(is_at_eps.sum()) >= FEWEST_CHANNELS_AT_EPS and smallest > 0 and smallest in usual:
        channels = worst_first(is_at_eps, layer.gain)
        yield Observation(
            layer=layer.name,
            severity="warning",
            channels=channels,
            value=smallest,
            threshold=smallest,
            message=(
                f"the smallest running_var is exactly {smallest:.6g}, an eps, in {count(len(channels), 'channel')}: "
                "eps seems to have been added before the variance was stored, and is now added twice, or the variance "
                "was clamped to it, and what lay below is lost"
            ),
        )


def _with_exchanged_parameters(file: CheckedFile) -> Iterator[Observation]:
    """Yield the layers of a file whose weights are what biases are, around 0, and whose biases are what weights are.

    Judged over the whole file: one layer may learn shifts of one sign, or few scales.
    """
    layers = [layer for layer in file.layers if layer.layer.weight is not None and layer.layer.bias is not None]
    if len(layers) < _FEWEST_LAYERS_EXCHANGED:
        return
    weight = np.concatenate([layer.weight for layer in layers])
    bias = np.concatenate([layer.bias for layer in layers])
    linear, negative = _share(_is_linear(weight, bias)), _share(weight < 0)
    if not (linear > LEAST_LINEAR and negative > LEAST_NEGATIVE and _share(bias > 0) > _LEAST_POSITIVE):
        return
    for layer in layers:
        of_layer = _share(_is_linear(layer.weight, layer.bias))
        if of_layer > LEAST_LINEAR:
            yield Observation(
                layer=layer.name,
                severity="warning",
                value=of_layer,
                threshold=LEAST_LINEAR,
                message=(
                    f"weight and bias seem to be exchanged: of all channels of the file {percent(linear)} have a bias "
                    f"above three times their weight, and {percent(negative)} of the weights are negative, as biases "
                    "are; Darknet, for one, stores the bias first"
                ),
                remedy="Exchange weight and bias where the file was converted.",
            )


def _is_linear(weight: FloatArray, bias: FloatArray) -> Mask:
    return bias > NUM_DEVIATIONS * np.abs(weight)


def _share(mask: Mask) -> float:
    return float(mask.mean()) if mask.size else 0.0


RULE = Rule(
    code="BN603",
    name="foreign-encoding",
    severity="warning",
    summary=(
        "Arrays are in another framework's encoding: a standard deviation, a variance with eps in it, or weight and "
        "bias exchanged."
    ),
    rationale=(
        "Frameworks store different things under similar names. Keras 1 wrote its variance as running_std; batch "
        "renormalization keeps a standard deviation; some converters add eps to the variance because the target lacks "
        "it. Taken for a variance as it is, such a number shifts every channel a little, which is hard to see. Two "
        "channels or more whose variance is eps to the last bit, with none below, give the addition away, or a lower "
        "limit that a converter set.\n\n"
        "Where arrays are told apart by their order alone, weight and bias may be exchanged. Weights begin at 1 and "
        "hardly ever turn negative, biases begin at 0 and go either way: exchanged ones show by their signs, and by "
        "biases so large beside the weights that no ReLU behind the layer would do anything.\n\n"
        "Two other encodings leave no trace in the numbers: Caffe's statistics before they are divided by their third "
        "blob, and the scale of an MXNet layer with fix_gamma=True, which is not used."
    ),
    thresholds=(
        Threshold(
            FEWEST_CHANNELS_AT_EPS,
            "channels whose running_var is the smallest of the layer and equals eps: warning",
            "A single one may be a dead channel that was clamped.",
        ),
        Threshold(
            LEAST_LINEAR,
            "share of the file's and of the layer's channels with bias - 3 |weight| above 0: warning",
            "At most 0.21 in any layer of nine published files; 0.95 in a trained network whose two were exchanged.",
        ),
        Threshold(
            LEAST_NEGATIVE,
            "share of negative weights in the file, next to biases that are positive: warning with the above",
            "At most 0.12 in any layer of nine published files that has as many positive biases.",
        ),
    ),
    remedy="Convert with the framework that wrote the file, or undo the encoding before loading.",
    snippet="""\
bn.running_var.sub_(bn.eps).clamp_(min=0)  # where eps was added before storing
""",
    references=("chainer/chainer#4505", "facebookresearch/detectron2#3160", "apache/mxnet#15717"),
    evaluate=_evaluate,
)

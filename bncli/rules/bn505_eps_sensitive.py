"""BN505: a different eps would change what the model computes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bncli.rules.base import Observation, Rule, Threshold
from bncli.wording import number, percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from bncli.rules.checked_file import CheckedFile
    from bncli.rules.checked_layer import CheckedLayer

EPS_RATIO = 100.0
_BETWEEN_DEFAULTS = 1e-4
"""Between PyTorch's 1e-5 and Keras' 1e-3: a smaller eps is tried a hundred times as large, others a hundredth."""
LEAST_CHANGE = 0.1
INFO_FRACTION = 0.2
WARNING_FRACTION = 0.5


def _evaluate(file: CheckedFile) -> Iterator[Observation]:
    changes = {layer: _changes(layer) for layer in file.layers if layer.eps > 0}
    num_channels = sum(change.size for change in changes.values())
    num_sensitive = sum(int((change > LEAST_CHANGE).sum()) for change in changes.values())
    if not num_channels or num_sensitive < INFO_FRACTION * num_channels:
        return
    fraction = num_sensitive / num_channels
    worst = max(changes, key=lambda layer: float(changes[layer].max(initial=0)))
    is_warning = fraction >= WARNING_FRACTION
    yield Observation(
        layer=None,
        severity="warning" if is_warning else "info",
        value=fraction,
        threshold=WARNING_FRACTION if is_warning else INFO_FRACTION,
        message=(
            f"with {_other_words(worst.eps)} the scale of {percent(fraction)} of all channels would change by more "
            f"than {percent(LEAST_CHANGE)}, most in {worst.name}: by {percent(float(changes[worst].max()))} with eps "
            f"{number(_other(worst.eps))} instead of {worst.eps_words}"
        ),
    )


def _changes(layer: CheckedLayer) -> NDArray[np.float64]:
    """Return by how much the scale of the channels not at rest would change, relative to it; shape (live,)."""
    var = layer.var[layer.is_live]
    change: NDArray[np.float64] = np.abs(1 - np.sqrt((var + layer.eps) / (var + _other(layer.eps))))
    return change


def _other(eps: float) -> float:
    return eps * EPS_RATIO if eps < _BETWEEN_DEFAULTS else eps / EPS_RATIO


def _other_words(eps: float) -> str:
    return f"{EPS_RATIO:g} times the eps" if eps < _BETWEEN_DEFAULTS else f"a {EPS_RATIO:g}th of the eps"


RULE = Rule(
    code="BN505",
    name="eps-sensitive",
    severity="warning",
    summary="Another framework's default eps, a hundred times as large or small, would change many channels' scale.",
    rationale=(
        "PyTorch takes eps 1e-5 by default, Keras and many TensorFlow models 1e-3. Where variances are of that order a "
        "port that forgets eps, or an eps that was assumed wrongly here, changes the output: by a little in accuracy "
        "or by a lot. A file of weights alone does not hold eps, so it has to travel by other means."
    ),
    thresholds=(
        Threshold(
            EPS_RATIO,
            "the other eps, as a multiple of the layer's, or as a fraction where that is 1e-4 or more",
            "The ratio of the defaults of Keras and PyTorch.",
        ),
        Threshold(LEAST_CHANGE, "relative change of a channel's scale above it counts", "A tenth is seen downstream."),
        Threshold(
            INFO_FRACTION,
            "fraction of all channels of the file from it on: info",
            "Reached in 9 of 18 published models.",
        ),
        Threshold(
            WARNING_FRACTION,
            "fraction of all channels of the file from it on: warning",
            "Reached in 6 of 18 published models.",
        ),
    ),
    remedy="Write eps down beside the weights, and set it explicitly wherever the model is built.",
    snippet="""\
ported = torch.nn.BatchNorm2d(bn.num_features, eps=bn.eps, momentum=bn.momentum)
ported.load_state_dict(bn.state_dict())
""",
    references=("qqwweee/keras-yolo3#451", "wang-xinyu/tensorrtx#209", "wang-xinyu/tensorrtx#1444"),
    evaluate=_evaluate,
)

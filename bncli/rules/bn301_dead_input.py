"""BN301: nothing reaches a channel any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.analysis.age_of_death import dead_channels
from bncli.analysis.dead_variance import DEAD_VAR_PER_EPS
from bncli.analysis.initial_residue import initial_residue
from bncli.analysis.momentum_recovery import momentum_against_the_assumed, momentum_from_floor
from bncli.rules.base import Observation, Rule, Threshold
from bncli.rules.checked_layer import worst_first
from bncli.wording import count, number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bncli.rules.checked_file import CheckedFile
    from bncli.rules.checked_layer import CheckedLayer


_SMALLEST_NORMAL = 2.0**-126
"""Of float32: smaller numbers are lost to rounding, or flushed to zero."""
_TYPES_THAT_ROUND_LITTLE = ("float32", "float64")
"""Narrower ones round 1 - momentum as well."""
_MARGIN = 0.5
"""What roundings take from a variance over many updates is less."""


def _evaluate(file: CheckedFile) -> Iterator[Observation]:
    layers = [checked.layer for checked in file.layers]
    momentum = momentum_against_the_assumed(layers, momentum_from_floor(layers))
    for layer in file.layers:
        if layer.is_dead.any() and not layer.is_zero:
            yield _dead(layer, momentum)


def _dead(layer: CheckedLayer, momentum: float | None) -> Observation:
    channels = worst_first(layer.is_dead, -layer.var)
    is_whole_layer = len(channels) == layer.num_features
    meaning = "no channel of the layer gets any input" if is_whole_layer else "the input of these channels is constant"
    details = "".join(f"; {detail}" for detail in (_age(layer, momentum), _sudden(layer), _floor(layer)) if detail)
    return Observation(
        layer=layer.name,
        severity="error" if is_whole_layer else "warning",
        channels=channels,
        value=float(layer.var[channels[0]]),
        threshold=DEAD_VAR_PER_EPS * layer.eps,
        message=f"running_var down to {number(layer.var[channels[0]])}: {meaning}{details}",
    )


def _age(layer: CheckedLayer, momentum: float | None) -> str | None:
    """Return how long ago the channels died at least, the youngest of them; `momentum` as against the layer's own.

    An age that the layer's own updates leave no room for shows that the momentum was another one, and nothing is said.
    """
    counter = layer.layer.num_batches_tracked
    found = dead_channels((layer.layer,), momentum)
    ages = [each.fewest_updates for each in found if each.fewest_updates is not None and layer.is_dead[each.channel]]
    if not ages or (counter and max(ages) >= counter):
        return None
    words = layer.momentum_words if momentum is None else f"momentum {number(momentum)} (by the floor)"
    return f"since at least {count(min(ages), 'update')} at {words}"


def _sudden(layer: CheckedLayer) -> str | None:
    """Return what shows that the variance did not decay to where it is: T updates leave (1 - m)^T of the initial 1."""
    counter, left = layer.layer.num_batches_tracked, initial_residue(layer.layer)
    if counter is None or left is None or left < _SMALLEST_NORMAL or layer.layer.dtype not in _TYPES_THAT_ROUND_LITTLE:
        return None
    if layer.var[layer.is_dead].min() >= _MARGIN * left:
        return None
    return (
        f"no decay, for {count(int(counter), 'update')} at {layer.momentum_words} leave {number(left)} of the initial "
        "variance: it was set or estimated anew, or the counter restarted"
    )


def _floor(layer: CheckedLayer) -> str | None:
    """Return what the place says where rounding stopped the decay."""
    floor = momentum_from_floor((layer.layer,))
    if floor is None:
        return None
    return (
        f"{number(floor.floor)} is the denormal floor of {floor.dtype}, where a decay ends with momentum "
        f"from {number(floor.low)} to {number(floor.high)}"
    )


RULE = Rule(
    code="BN301",
    name="dead-input",
    severity="error",
    summary="A running variance has decayed to nothing: the channel's input is constant.",
    rationale=(
        "A filter whose weights are all but zero gives a constant. From then on every update multiplies the running "
        "variance by 1 - momentum, so that it falls geometrically, down to where rounding stops it: in float32 at k "
        "times 2^-149 with k * momentum <= 1/2, which tells the momentum. The channel costs time and memory and does "
        "nothing, and any new input to it is amplified by up to weight / sqrt(eps).\n\n"
        "A whole layer in that state is cut off from its input."
    ),
    thresholds=(
        Threshold(
            DEAD_VAR_PER_EPS,
            "running_var / eps below it: warning; for all channels of a layer: error",
            "On 18 published models (714 layers, 49,821 channels): 229 channels in 7 models, and no whole layer.",
        ),
    ),
    remedy="Prune the channels, or re-initialize their filters and train on; a weight of 0 makes them inert.",
    snippet="""\
dead = bn.running_var < 1e-6 * bn.eps
with torch.no_grad():
    bn.weight[dead] = 0  # the output stays what it was, the bias; no new input is amplified
print(dead.nonzero().flatten().tolist())
""",
    references=("pytorch/vision#648",),
    evaluate=_evaluate,
)

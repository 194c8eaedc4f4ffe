"""BN205: layers of one file count different numbers of updates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.analysis.adversarial_networks import adversarial_networks
from bncli.analysis.repeated_updates import MOST_REPEATS, RATIO_TOLERANCE, whole_multiple
from bncli.rules.base import Observation, Rule, Threshold
from bncli.wording import count, listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bncli.rules.checked_file import CheckedFile
    from bncli.rules.checked_layer import CheckedLayer

_MOST_COUNTERS_COMPARED = 50
_LEAST_RATIO_OF_STAGES = 3
"""Few models run a layer so often in a step, and epochs of two stages are small whole numbers too."""


def _evaluate(file: CheckedFile) -> Iterator[Observation]:
    adversaries = adversarial_networks(checked.layer.label for checked in file.layers)
    by_network: dict[str, list[CheckedLayer]] = {}
    for checked in file.layers:
        by_network.setdefault(adversaries.get(checked.layer.label, "other"), []).append(checked)
    for layers in by_network.values():
        yield from _within(layers)
    if adversaries:
        yield from _between([(network, by_network[network]) for network in sorted(set(adversaries.values()))])


def _within(layers: Sequence[CheckedLayer]) -> Iterator[Observation]:
    by_counter = _layers_by_counter(layers)
    if len(by_counter) < 2:  # noqa: PLR2004 - it takes two to disagree
        return
    counted = {name for names in by_counter.values() for name in names}
    last = next(checked.name for checked in reversed(layers) if checked.name in counted)
    multiples = list(_multiples(by_counter, last))
    yield from multiples or [_in_stages(by_counter)]


def _between(networks: Sequence[tuple[str, Sequence[CheckedLayer]]]) -> Iterator[Observation]:
    counters = [list(_layers_by_counter(layers)) for _, layers in networks]
    if not all(counters) or counters[0] == counters[1]:
        return
    words = [
        f"{network} {listed([f'{each:,}' for each in own])}"
        for (network, _), own in zip(networks, counters, strict=True)
    ]
    yield Observation(
        layer=None,
        severity="info",
        value=float(counters[0][-1] - counters[1][-1]),
        message=(
            f"the networks of a GAN count different numbers of updates ({', '.join(words)}): a step runs each of them "
            "as often as its losses ask for, the discriminator on real and on generated inputs"
        ),
        remedy="Nothing; only in eval mode it matters that the discriminator's statistics mix both kinds of input.",
    )


def _layers_by_counter(layers: Sequence[CheckedLayer]) -> dict[int, list[str]]:
    """Return the layers of each positive counter, the smallest counter first."""
    by_counter: dict[int, list[str]] = {}
    for checked in layers:
        counter = checked.layer.num_batches_tracked
        if isinstance(counter, int) and counter > 0:
            by_counter.setdefault(counter, []).append(checked.name)
    return dict(sorted(by_counter.items()))


def _multiples(by_counter: Mapping[int, list[str]], last: str) -> Iterator[Observation]:
    """Yield the counters that are whole multiples of another one, each of the one that most layers share."""
    counters = sorted(by_counter)[:_MOST_COUNTERS_COMPARED]
    for high in counters:
        ratios = {low: ratio for low in counters if (ratio := whole_multiple(low, high)) is not None}
        if ratios:
            low = max(ratios, key=lambda counter: len(by_counter[counter]))
            is_later = by_counter[low] == [last] or ratios[low] >= _LEAST_RATIO_OF_STAGES
            yield _multiple(high, low, ratios[low], by_counter, is_later=is_later)


def _multiple(high: int, low: int, ratio: int, by_counter: Mapping[int, list[str]], *, is_later: bool) -> Observation:
    layers, others = by_counter[high], by_counter[low]
    compared = (
        f"{count(len(layers), 'layer')} ({listed(layers)}) counted {high:,} updates, {ratio} times the {low:,} of "
        f"{count(len(others), 'layer')}"
    )
    later = "this one was" if len(others) == 1 else "these were"
    repeated = f"run {ratio} times a step, by reuse on several inputs or by activation checkpointing"
    return Observation(
        layer=layers[0],
        severity="warning",
        value=high / low,
        threshold=float(ratio),
        message=(
            f"{compared} ({listed(others)}): {later} added or unfrozen later, or the former {repeated}"
            if is_later
            else f"{compared}: {repeated}, unless the other layers were frozen or added later"
        ),
        remedy=_NOTHING_IF_LATER if is_later else None,
    )


def _in_stages(by_counter: Mapping[int, list[str]]) -> Observation:
    counters = list(by_counter)
    groups = [f"{count(len(layers), 'layer')} {counter:,}" for counter, layers in by_counter.items()]
    return Observation(
        layer=None,
        severity="info",
        value=float(counters[-1] - counters[0]),
        message=(
            f"layers count different numbers of updates ({listed(groups)}): trained in stages, the older ones "
            f"{counters[-1] - counters[0]:,} updates before the newest, or frozen for some time"
        ),
        remedy="Nothing, if part of the model was pretrained or frozen for a time.",
    )


_NOTHING_IF_LATER = (
    "Nothing, if part of the model is newer than the rest or was frozen for a time; otherwise give each input its own "
    "layer, or keep the layer out of recomputation."
)

RULE = Rule(
    code="BN205",
    name="counter-disagree",
    severity="warning",
    summary="Layers of one file count different numbers of updates; a whole multiple points to updates made twice.",
    rationale=(
        "Every training step updates every layer once. A layer that counts twice as many updates as the others was "
        "run twice a step: it is shared by two inputs, whose statistics it mixes, or activation checkpointing "
        "recomputes its forward pass. Two updates with the same batch amount to a momentum of 1 - (1 - momentum)^2, "
        "which 1 - sqrt(1 - momentum) undoes.\n\n"
        "A whole multiple may be chance: 30 epochs of pretraining and 10 of fine-tuning make 4 times as many. So it "
        "is, most likely, where the multiple is 3 or more, or where the last layer alone counts less. The generator "
        "and the discriminator of a GAN, known by their names, are compared each by itself: a step runs them "
        "differently often.\n\n"
        "Counters that differ otherwise tell of a pretrained part, and that is only mentioned: their difference is "
        "the parent's own counter."
    ),
    thresholds=(
        Threshold(
            RATIO_TOLERANCE,
            "relative distance of two counters' ratio from a whole number, up to it: warning",
            "Of 18 published models 3 have layers that disagree, by staged training; no ratio is a whole number.",
        ),
        Threshold(
            MOST_REPEATS,
            "the largest whole number that is looked for",
            "Beyond it every ratio is near some whole number by chance.",
        ),
    ),
    remedy="Halve what a double update does, give each input its own layer, or keep the layer out of recomputation.",
    snippet="""\
bn.momentum = 1 - (1 - bn.momentum) ** 0.5  # two updates a step then amount to one
""",
    references=(
        "pytorch/pytorch#96136",
        "pytorch/pytorch#62471",
        "facebookresearch/fairscale#1035",
        "keras-team/keras#8794",
        "pytorch/pytorch#1738",
    ),
    evaluate=_evaluate,
)

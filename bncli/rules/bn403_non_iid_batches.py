"""BN403: batches differ among each other more than samples of one population do."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from bncli.rules.base import Observation, Rule, Threshold, each_recorded_layer
from bncli.rules.checked_layer import worst_first
from bncli.wording import count, number, percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bncli.analysis.batch_evidence import BatchEvidence
    from bncli.rules.checked_layer import CheckedLayer

BETWEEN_FRACTION = 0.05
EXCESS = 5.0
_CHANCE = 12.0
"""Standard deviations of the scatter of few batches that are put down to chance: layers have thousands of channels."""


def _evaluate(layer: CheckedLayer, evidence: BatchEvidence) -> Iterator[Observation]:
    if evidence.num_batches < 2:  # noqa: PLR2004 - one batch has no scatter
        return
    excess = evidence.between_fraction * evidence.batch_effective_count
    least = max(EXCESS, 1 + _CHANCE * math.sqrt(2 / (evidence.num_batches - 1)))
    with np.errstate(invalid="ignore"):
        is_hit = (evidence.between_fraction > BETWEEN_FRACTION) & (excess > least)
    if not is_hit.any():
        return
    worst = worst_first(is_hit, evidence.between_fraction)
    fraction = float(evidence.between_fraction[worst[0]])
    yield Observation(
        layer=layer.name,
        severity="warning",
        channels=worst,
        value=fraction,
        threshold=BETWEEN_FRACTION,
        message=(
            f"{count(int(is_hit.sum()), 'channel')} whose batches are unlike each other: in channel {worst[0]} the "
            f"means of the batches have {percent(fraction)} of the variance of the data, "
            f"{number(float(excess[worst[0]]))} times what batches of one population would have"
        ),
    )


RULE = Rule(
    code="BN403",
    name="non-iid-batches",
    severity="warning",
    summary="The batches are no samples of one population: their means scatter more than chance has it.",
    rationale=(
        "Batches sorted by class, taken from one video or one patient, or of several inputs that share a layer, differ "
        "among each other. In train mode each is normalized by itself, which hides the difference from the network, or "
        "tells it what the batch is about. The running variance averages the variances within batches and never sees "
        "the variance between them, so in eval mode the layer divides by too little.\n\n"
        "The share of the variance that lies between batches is compared with what independent samples would leave "
        "there, 1 / n_eff, where n_eff is the number of independent values in a batch: pixels of one picture are alike "
        "and count for few."
    ),
    thresholds=(
        Threshold(
            BETWEEN_FRACTION,
            "share of the variance that lies between batches: warning above it",
            "Batches of a ten-class problem had 0.4 % there when shuffled, and 98.7 % when sorted by class.",
        ),
        Threshold(
            EXCESS,
            "times what chance leaves there",
            "Independent batches have 1; raised for few batches, of which the scatter itself is not sure.",
        ),
    ),
    remedy="Shuffle the samples; where that cannot be, calibrate, which pools the variance between batches in.",
    snippet="""\
loader = torch.utils.data.DataLoader(torch.cat(list(loader)), batch_size=8, shuffle=True)
""",
    references=("ArdhenduBehera/cap#8", "facebookarchive/C3D#277", "Wu and Johnson 2021, arXiv:2105.07576, section 3"),
    evaluate=each_recorded_layer(_evaluate),
    needs_recording=True,
)

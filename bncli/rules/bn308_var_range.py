"""BN308: the variances of one layer differ by many orders of magnitude."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bncli.rules.base import Observation, Rule, Threshold, each_layer
from bncli.wording import number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bncli.rules.checked_layer import CheckedLayer

LEAST_RATIO = 1e6


def _evaluate(layer: CheckedLayer) -> Iterator[Observation]:
    live = np.flatnonzero(layer.is_live)
    if not live.size:
        return
    var = layer.var[live]
    smallest, largest = float(var.min()), float(var.max())
    if smallest > 0 and largest / smallest > LEAST_RATIO:
        yield Observation(
            layer=layer.name,
            severity="info",
            channels=(int(live[var.argmin()]), int(live[var.argmax()])),
            value=largest / smallest,
            threshold=LEAST_RATIO,
            message=(
                f"running_var runs from {number(smallest)} to {number(largest)} over the channels that something "
                "reaches: their inputs are of different kinds, and one range or one eps cannot fit them all"
            ),
        )


RULE = Rule(
    code="BN308",
    name="var-range",
    severity="info",
    summary="The running variances of one layer span more than six orders of magnitude.",
    rationale=(
        "Channels of one layer usually have variances of one or two orders of magnitude. A span of a million means "
        "that inputs in different units were stacked, or that some channels have all but died. One range for the whole "
        "tensor, as quantization takes it, gives the small ones no steps, and eps matters to some and not to others. "
        "Channels that are at rest are left to BN301."
    ),
    thresholds=(
        Threshold(
            LEAST_RATIO,
            "largest / smallest running_var of the channels not at rest above it: info",
            "On 18 published models 40 layers in 7 of them, counted with channels at rest, which this rule leaves out.",
        ),
    ),
    remedy="Bring the inputs to one scale before the network; prune what has died.",
    snippet="""\
order = bn.running_var.argsort().tolist()
print("smallest:", order[:5], "largest:", order[-5:])
""",
    references=("Nagel et al. 2019, arXiv:1906.04721",),
    evaluate=each_layer(_evaluate),
)

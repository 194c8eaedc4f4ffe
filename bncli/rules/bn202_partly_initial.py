"""BN202: some channels of a trained layer still have the statistics of a new one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.analysis.initial_statistics import has_initial_statistics
from bncli.rules.base import Observation, Rule, each_layer
from bncli.rules.checked_layer import worst_first
from bncli.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bncli.rules.checked_layer import CheckedLayer


def _evaluate(layer: CheckedLayer) -> Iterator[Observation]:
    is_initial = has_initial_statistics(layer.layer)
    if not is_initial.any() or layer.is_initial.all():
        return
    channels = worst_first(is_initial, layer.gain)
    yield Observation(
        layer=layer.name,
        severity="warning",
        channels=channels,
        message=(
            f"mean exactly 0 and variance exactly 1 in {count(len(channels), 'channel')}, unlike the rest of the "
            "layer: no update ever reached them"
        ),
    )


RULE = Rule(
    code="BN202",
    name="partly-initial",
    severity="warning",
    summary="Some channels of a layer have mean exactly 0 and variance exactly 1, the others do not.",
    rationale=(
        "Every update moves all channels of a layer at once, so a channel that is still at its initial values was put "
        "there afterwards: a layer was widened, channels were copied only in part, or a state dict of another width "
        "was loaded over a new layer. In eval mode these channels are not normalized."
    ),
    thresholds=(),
    remedy="Estimate the statistics of the model as it is now from training batches.",
    snippet="""\
torch.optim.swa_utils.update_bn(loader, model)
""",
    references=("HomericIntelligence/Odyssey#5543",),
    evaluate=each_layer(_evaluate),
)

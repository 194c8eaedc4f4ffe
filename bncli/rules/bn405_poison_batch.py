"""BN405: a batch that entered the layer held NaN or infinity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.rules.base import Observation, Rule, each_recorded_layer
from bncli.rules.wording import count, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bncli.analysis.batch_evidence import BatchEvidence
    from bncli.rules.checked_layer import CheckedLayer


def _evaluate(layer: CheckedLayer, evidence: BatchEvidence) -> Iterator[Observation]:
    if not evidence.poisoned:
        return
    channels = tuple(sorted({channel for batch in evidence.poisoned for channel in batch.channels}))
    steps = [str(batch.step) for batch in evidence.poisoned]
    yield Observation(
        layer=layer.name,
        severity="error",
        channels=channels,
        value=float(len(steps)),
        message=(
            f"NaN or infinity entered in step{'' if len(steps) == 1 else 's'} {listed(steps)}, in "
            f"{count(len(channels), 'channel')}: one such batch in train mode, and the running statistics stay "
            "NaN"
        ),
    )


RULE = Rule(
    code="BN405",
    name="poison-batch",
    severity="error",
    summary="A batch that entered the layer held NaN or infinity.",
    rationale=(
        "A single infinite value makes the mean of its channel infinite and the variance NaN, and the running average "
        "never forgets it. Under mixed precision the optimizer's step is skipped for such a batch, and training seems "
        "to recover, but the running statistics were updated in the forward pass: eval mode is broken from then on. "
        "The first layer in which it shows is nearest to the cause."
    ),
    thresholds=(),
    remedy="Find the samples of that step, or the layer before this one that overflows, and leave them out.",
    snippet="""\
for batch in loader:
    assert torch.isfinite(batch).all()
""",
    references=("pytorch/pytorch#90342", "pytorch/pytorch#88474", "ultralytics/yolov5#9038"),
    evaluate=each_recorded_layer(_evaluate),
    needs_recording=True,
)

"""BN405: a batch that entered the layer held NaN or infinity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.rules.base import Observation, Rule
from bncli.wording import count, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bncli.analysis.batch_evidence import PoisonedBatch
    from bncli.rules.checked_file import CheckedFile
    from bncli.rules.checked_layer import CheckedLayer


def _evaluate(file: CheckedFile) -> Iterator[Observation]:
    """Yield the layers from the cause on: the earliest step first, and in one step as the data passes through them."""
    poisoned = [(layer, evidence.poisoned) for layer, evidence in file.recorded if evidence.poisoned]
    poisoned.sort(key=lambda each: each[1][0].step)
    for index, (layer, batches) in enumerate(poisoned):
        is_cause = index == 0 and len(poisoned) > 1
        yield _observation(layer, batches, f", here first of {len(poisoned):,} layers" if is_cause else "")


def _observation(layer: CheckedLayer, batches: tuple[PoisonedBatch, ...], place: str) -> Observation:
    channels = tuple(sorted({channel for batch in batches for channel in batch.channels}))
    steps = [str(batch.step) for batch in batches]
    return Observation(
        layer=layer.name,
        severity="error",
        channels=channels,
        value=float(len(steps)),
        message=(
            f"NaN or infinity entered in step{'' if len(steps) == 1 else 's'} {listed(steps)}, in "
            f"{count(len(channels), 'channel')}{place}: one such batch in train mode, and the running statistics stay "
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
        "The first layer in which it shows is nearest to the cause, and is told first."
    ),
    thresholds=(),
    remedy="Find the samples of that step, or the layer before this one that overflows, and leave them out.",
    snippet="""\
for batch in loader:
    assert torch.isfinite(batch).all()
""",
    references=("pytorch/pytorch#90342", "pytorch/pytorch#88474", "ultralytics/yolov5#9038"),
    evaluate=_evaluate,
    needs_recording=True,
    spreads=True,
)

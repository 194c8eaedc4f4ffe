"""BN404: in eval mode a layer gives another output than the statistics of the data would."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bncli.rules.base import Observation, Rule, Threshold
from bncli.wording import percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bncli.analysis.batch_evidence import BatchEvidence
    from bncli.rules.checked_file import CheckedFile
    from bncli.rules.checked_layer import CheckedLayer
    from bncli.rules.recorded_gap import GapCause

GAP = 0.1
GRAVE_GAP = 0.5
_TIMES_NOISE = 3.0
"""A gap that the recording is sure of is so many times what its own noise makes."""


def _evaluate(file: CheckedFile) -> Iterator[Observation]:
    for of_statistics, cause in file.gaps:
        layer = of_statistics.layer
        gap, noise = _gap_and_noise(layer, of_statistics.evidence)
        if gap > GAP and gap > _TIMES_NOISE * noise:
            yield _observation(layer, gap, cause)


def _observation(layer: CheckedLayer, gap: float, cause: GapCause | None) -> Observation:
    is_grave = gap > GRAVE_GAP
    return Observation(
        layer=layer.name,
        severity="error" if is_grave else "warning",
        value=gap,
        threshold=GRAVE_GAP if is_grave else GAP,
        message=(
            f"its output in eval mode differs by {percent(gap)} of its size from what the statistics of the recorded "
            "data would make of the same input"
        ),
        remedy=None if cause is None else cause.remedy,
    )


def _gap_and_noise(layer: CheckedLayer, evidence: BatchEvidence) -> tuple[float, float]:
    """Return `||y_train - y_eval|| / ||y_eval||` over the data, and how much of it the recording's noise makes.

    Both outputs are affine in the input, so its mean and variance are all that it takes.
    """
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        std = np.sqrt(evidence.biased_var + layer.eps)
        d = (evidence.mean - layer.mean) / layer.root
        slopes = layer.weight * (1 / std - 1 / layer.root)
        difference = (layer.weight * d) ** 2 + slopes**2 * evidence.biased_var
        output = (layer.weight * d + layer.bias) ** 2 + (layer.weight / layer.root) ** 2 * evidence.biased_var
        noise = 1.5 * (layer.weight * std / layer.root) ** 2 / evidence.effective_count
    known = layer.is_sound & np.isfinite(difference) & np.isfinite(output) & np.isfinite(noise)
    size = float(output[known].sum())
    if not size > 0:
        return 0.0, 0.0
    return float(np.sqrt(difference[known].sum() / size)), float(np.sqrt(noise[known].sum() / size))


RULE = Rule(
    code="BN404",
    name="output-gap",
    severity="error",
    summary="The output of the layer in eval mode is not the one that the statistics of the data would give.",
    rationale=(
        "Statistics that are off matter as far as they move the output: a channel with a small weight moves it little, "
        "many channels that are off a little move it much. This is the relative distance between the outputs of the "
        "layer with its running statistics and with those of the recorded data, over all of its channels and for the "
        "same input."
    ),
    thresholds=(
        Threshold(GAP, "relative distance of the outputs: warning above it", "A tenth of the output is wrong."),
        Threshold(GRAVE_GAP, "relative distance of the outputs: error above it", "Half of the output is wrong."),
    ),
    remedy=(
        "Calibrate the checkpoint with a recording of the data that it is meant for, unless it was trained with these "
        "statistics frozen."
    ),
    snippet="""\
torch.optim.swa_utils.update_bn(loader, model)  # or: bncli calibrate CHECKPOINT RECORDING -o NEW
""",
    references=("pytorch/pytorch#4741", "keras-team/keras#9965"),
    evaluate=_evaluate,
    needs_recording=True,
    is_mended_by_calibrating=True,
)

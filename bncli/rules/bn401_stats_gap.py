"""BN401: the running statistics are not those of the data."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from bncli.analysis.gap_size import (
    CHANCE_Z,
    LARGE_RATIO,
    LARGE_SHIFT,
    NOTABLE_RATIO,
    NOTABLE_SHIFT,
    large_gaps,
)
from bncli.rules.base import Observation, Rule, Threshold
from bncli.rules.checked_layer import worst_first
from bncli.wording import count, number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bncli.rules.checked_file import CheckedFile
    from bncli.rules.recorded_gap import GapCause, RecordedGap


def _evaluate(file: CheckedFile) -> Iterator[Observation]:
    for gap, cause in file.gaps:
        if gap.is_off.any():
            yield _observation(gap, cause)


def _observation(gap: RecordedGap, cause: GapCause | None) -> Observation:
    layer, evidence, is_off, d, log_r = gap.layer, gap.evidence, gap.is_off, gap.shift, np.abs(gap.log_ratio)
    badness = np.where(is_off, np.maximum(d / NOTABLE_SHIFT, log_r / math.log(NOTABLE_RATIO)), 0.0)
    worst = int(np.argmax(badness))
    is_about_mean = bool(d[worst] / NOTABLE_SHIFT >= log_r[worst] / math.log(NOTABLE_RATIO))
    value = float(d[worst] if is_about_mean else math.exp(log_r[worst]))
    notable, large = (NOTABLE_SHIFT, LARGE_SHIFT) if is_about_mean else (NOTABLE_RATIO, LARGE_RATIO)
    return Observation(
        layer=layer.name,
        severity="error" if (is_off & large_gaps(d, log_r)).any() else "warning",
        channels=worst_first(is_off, badness),
        value=value,
        threshold=large if value > large else notable,
        message=(
            f"the running statistics of {count(int(is_off.sum()), 'channel')} are not those of the data: channel "
            f"{worst} has mean {number(float(layer.mean[worst]))} and standard deviation "
            f"{number(float(layer.root[worst]))}, the recorded data {number(float(evidence.mean[worst]))} and "
            f"{number(float(gap.std[worst]))}" + (f"; {cause.words}" if cause is not None and cause.words else "")
        ),
        remedy=None if cause is None else cause.remedy,
    )


RULE = Rule(
    code="BN401",
    name="stats-gap",
    severity="error",
    summary="The running statistics are far from those of the data that the recording holds.",
    rationale=(
        "In eval mode the layer takes the running statistics for those of its input. Where they are not, what follows "
        "gets a shifted and stretched input that it never saw in training: accuracy falls in eval mode alone. Causes "
        "are too few updates, statistics of other weights (an average, an older checkpoint), data of another domain, "
        "batches that are unlike each other, dropout before the layer, which scatters its input in training only, or a "
        "preprocessing that changed. Two causes show in the numbers and are told: one factor for all channels is an "
        "input in another scale, and statistics that fit in another order are channels that were exchanged.\n\n"
        "A model that was fine-tuned with its statistics frozen (norm_eval) has a gap and is right all the same: its "
        "weights were learned with them, and calibrating makes it worse.\n\n"
        "The gap is measured in units of batch renormalization: d is the distance of the means over "
        "sqrt(running_var + eps), r the ratio of the standard deviations. It counts only where the recording is sure "
        "of it, by the number of independent values and not by the number of pixels."
    ),
    thresholds=(
        Threshold(NOTABLE_SHIFT, "|d| above it: warning", "A tenth of the limit for an error."),
        Threshold(NOTABLE_RATIO, "r or 1 / r above it: warning", "Half of the limit for an error."),
        Threshold(LARGE_SHIFT, "|d| above it: error", "The limit that batch renormalization ends with for d."),
        Threshold(LARGE_RATIO, "r or 1 / r above it: error", "The limit that batch renormalization ends with."),
        Threshold(
            CHANCE_Z,
            "standard errors that a gap must have",
            "Chance reaches six in one of 500 million channels.",
        ),
    ),
    remedy=(
        "Calibrate the checkpoint with a recording of the data that it is meant for, unless it was trained with these "
        "statistics frozen."
    ),
    snippet="""\
torch.optim.swa_utils.update_bn(loader, model)  # or: bncli calibrate CHECKPOINT RECORDING -o NEW
""",
    references=("pytorch/pytorch#4741", "pytorch/pytorch#5406", "S. Ioffe, Batch Renormalization, arXiv:1702.03275"),
    evaluate=_evaluate,
    needs_recording=True,
    is_mended_by_calibrating=True,
    spreads=True,
)

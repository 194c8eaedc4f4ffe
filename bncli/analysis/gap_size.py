"""How large a gap between batch and running statistics is: none, notable or large, by fixed limits."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from bncli.analysis.train_eval_gap import TrainEvalGap

NOTABLE_RATIO = 1.5
"""A ratio of standard deviations beyond this, or below its inverse, is notable."""
NOTABLE_SHIFT = 0.5
"""A shift of the mean beyond this many sigma is notable."""
CHANCE_Z = 6.0
"""Below this many standard errors a shift may be chance, and a batch too small to accuse anything."""
LARGE_RATIO = 3.0
LARGE_SHIFT = 5.0
"""The limits at which Batch Renormalization clips r and d: beyond them the two modes are different functions."""


class GapSize(StrEnum):
    """How far train and eval mode of one channel stand apart."""

    NONE = "none"
    NOTABLE = "notable"
    LARGE = "large"


def gap_sizes(gap: TrainEvalGap) -> tuple[GapSize, ...]:
    """Return the size of each channel's gap; a gap that is not a number is large.

    References:
        S. Ioffe, "Batch Renormalization", arXiv 1702.03275, section 4: r_max = 3, d_max = 5.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        log_ratio, shift = np.abs(np.log(gap.r)), np.abs(gap.d)
        is_small = (log_ratio <= math.log(LARGE_RATIO)) & (shift <= LARGE_SHIFT)
        is_beyond_chance = ~(gap.z <= CHANCE_Z)
        is_notable = ((log_ratio > math.log(NOTABLE_RATIO)) | (shift > NOTABLE_SHIFT)) & is_beyond_chance
    return tuple(
        GapSize.LARGE if not small else GapSize.NOTABLE if notable else GapSize.NONE
        for small, notable in zip(is_small.tolist(), is_notable.tolist(), strict=True)
    )

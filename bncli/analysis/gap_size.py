"""How large a gap between batch and running statistics is: none, notable or large, by fixed limits."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bncli.analysis.train_eval_gap import TrainEvalGap

    FloatArray = NDArray[np.float64]
    Mask = NDArray[np.bool_]

NOTABLE_RATIO = 1.5
"""A ratio of standard deviations beyond this, or below its inverse, is notable."""
NOTABLE_SHIFT = 0.5
"""A shift of the mean beyond this many sigma is notable."""
CHANCE_Z = 6.0
"""Below this many standard errors a gap may be chance, and the data too few to accuse anything."""
LARGE_RATIO = 3.0
LARGE_SHIFT = 5.0
"""The limits at which Batch Renormalization clips r and d: beyond them the two modes are different functions."""


class GapSize(StrEnum):
    """How far train and eval mode of one channel stand apart."""

    NONE = "none"
    NOTABLE = "notable"
    LARGE = "large"
    NO_VALUES = "no values"
    """The batch is empty, so that there is nothing to compare."""


def notable_shifts(shift: FloatArray, effective_count: FloatArray) -> Mask:
    """Return which means are further off than chance and the limit allow.

    Args:
        shift: distance of the means in sigma, shape (C,).
        effective_count: independent values behind the mean of the data, which is sure to `1 / sqrt(effective_count)`
            sigma. Where nothing tells how many there are (NaN), the limit alone decides.
    """
    with np.errstate(invalid="ignore"):
        z = np.abs(shift) * np.sqrt(effective_count)
        return (np.abs(shift) > NOTABLE_SHIFT) & ~(z <= CHANCE_Z)


def notable_ratios(log_ratio: FloatArray, effective_count: FloatArray) -> Mask:
    """Return which standard deviations are further apart than chance and the limit allow.

    Args:
        log_ratio: logarithm of their ratio, shape (C,).
        effective_count: as for `notable_shifts`; the logarithm is sure to `1 / sqrt(2 * effective_count)`, by the
            normal distribution.
    """
    with np.errstate(invalid="ignore"):
        z = np.abs(log_ratio) * np.sqrt(2 * effective_count)
        return (np.abs(log_ratio) > math.log(NOTABLE_RATIO)) & ~(z <= CHANCE_Z)


def large_gaps(shift: FloatArray, log_ratio: FloatArray) -> Mask:
    """Return which gaps make two functions of the two modes; a gap that is not a number does."""
    with np.errstate(invalid="ignore"):
        return ~((np.abs(log_ratio) <= math.log(LARGE_RATIO)) & (np.abs(shift) <= LARGE_SHIFT))


def gap_sizes(gap: TrainEvalGap) -> tuple[GapSize, ...]:
    """Return the size of each channel's gap; a gap that is not a number is large, but for that of an empty batch.

    References:
        S. Ioffe, "Batch Renormalization", arXiv 1702.03275, section 4: r_max = 3, d_max = 5.
    """
    if gap.num_values == 0:
        return (GapSize.NO_VALUES,) * len(gap.r)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_ratio = np.log(gap.r)
    is_large = large_gaps(gap.d, log_ratio)
    is_notable = notable_shifts(gap.d, gap.effective_count) | notable_ratios(log_ratio, gap.effective_count)
    return tuple(
        GapSize.LARGE if large else GapSize.NOTABLE if notable else GapSize.NONE
        for large, notable in zip(is_large.tolist(), is_notable.tolist(), strict=True)
    )

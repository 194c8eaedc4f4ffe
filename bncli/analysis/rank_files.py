"""Two ranks of one distributed run: how their files are told, and the statistics that both together have seen."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from bncli.core.batch_norm_layer import BatchNormLayer

_RANK = re.compile(r"(?<![a-z])(rank[-_.]?)\d+(?!\d)", re.IGNORECASE)


def are_rank_files(some: Path, other: Path) -> bool:
    """Return whether two names differ in nothing but the number of a rank: `ema_rank0.pt` and `ema_rank1.pt`."""
    masked = [_RANK.sub(r"\g<1>#", str(path)) for path in (some, other)]
    return some != other and masked[0] == masked[1]


@dataclass(frozen=True, slots=True, eq=False)
class PooledStatistics:
    """What one process would have seen that had the batches of both ranks; arrays of shape (C,), float64."""

    mean: NDArray[np.float64]
    var: NDArray[np.float64]
    """Mean of both variances plus the variance of both means (ddof 0)."""
    between_fraction: NDArray[np.float64]
    """Part of `var` that lies between the ranks, which neither of them knows; NaN where `var` is 0."""


def pooled_statistics(some: BatchNormLayer, other: BatchNormLayer) -> PooledStatistics:
    """Return the statistics of two ranks pooled, as if both saw equally many values."""
    means = np.stack([some.running_mean, other.running_mean]).astype(np.float64)
    variances = np.stack([some.running_var, other.running_var]).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        between = means.var(axis=0)
        pooled = variances.mean(axis=0) + between
        fraction = np.where(pooled > 0, between / pooled, np.nan)
    return PooledStatistics(means.mean(axis=0), pooled, fraction)

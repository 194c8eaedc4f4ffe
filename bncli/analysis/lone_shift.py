"""Which layers' statistics moved far between two checkpoints while those of the others stayed where they were."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from bncli.analysis.gap_size import LARGE_RATIO, LARGE_SHIFT, NOTABLE_SHIFT
from bncli.core.median import median
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bncli.analysis.comparison import LayerChange

    FloatArray = NDArray[np.float64]

_FAR = 1.0
_NEAR = NOTABLE_SHIFT / LARGE_SHIFT
_FEWEST_LAYERS = 3


@dataclass(frozen=True, slots=True)
class LoneShift:
    """Layers that moved far, and how far in their median channel."""

    labels: tuple[str, ...]
    mean_shift: float
    """In sigma; NaN where no channel's is known."""
    var_ratio: float
    """Second variance over the first; NaN where no channel's is known."""


def lone_shift(changes: Sequence[LayerChange]) -> LoneShift | None:
    """Return the layers that moved beyond the limits of a large gap, if at least half of all hardly moved.

    The median channel of a layer counts: a single one that moved far has died or come to life. Fewer than three layers
    tell no majority.
    """
    sizes = [_size(change) for change in changes]
    if len(sizes) < _FEWEST_LAYERS or median(np.array(sizes)) > _NEAR:
        return None
    lone = [change for change, size in zip(changes, sizes, strict=True) if size > _FAR]
    if not lone:
        return None
    return LoneShift(
        labels=tuple(change.pair.after.label for change in lone),
        mean_shift=_middle(np.concatenate([np.abs(change.mean_shift) for change in lone])),
        var_ratio=_middle(np.concatenate([change.var_ratio for change in lone])),
    )


def _size(change: LayerChange) -> float:
    """Return the distance of mean and standard deviation in the median channel, in units of a large one."""
    with np.errstate(divide="ignore", invalid="ignore"):
        log_ratio = np.abs(np.log(change.var_ratio)) / 2
    distances = _middle(np.abs(change.mean_shift)) / LARGE_SHIFT, _middle(log_ratio) / math.log(LARGE_RATIO)
    return max((distance for distance in distances if not math.isnan(distance)), default=0.0)


def _middle(values: FloatArray) -> float:
    known = values[~np.isnan(values)]
    return median(known) if known.size else math.nan

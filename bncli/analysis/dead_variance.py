"""Which channels are dead: nothing reaches them any more, and their running variance only decays."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bncli.core.batch_norm_layer import BatchNormLayer

DEAD_VAR_PER_EPS = 1e-6
"""Below this many times eps a variance only decays: nothing reaches the channel any more. On published, working
models thresholds near eps itself mark thousands of channels; this one marks those that are at rest."""


def dead_below(layer: BatchNormLayer) -> float:
    """Return the variance below which a channel is dead."""
    return DEAD_VAR_PER_EPS * layer.eps.value


def is_dead(layer: BatchNormLayer) -> NDArray[np.bool_]:
    """Return which channels have a variance, of 0 or more, that is far below anything that matters beside eps."""
    var = layer.running_var.astype(np.float64)
    limit = dead_below(layer)
    return (var >= 0) & (var < limit) & math.isfinite(limit)

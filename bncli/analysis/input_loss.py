"""Which channels nothing reached any more over the last checkpoints of a run, though they are not dead yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bncli.analysis.dead_variance import is_dead
from bncli.analysis.decay_momentum import is_decaying
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bncli.analysis.decay_momentum import DecayMomentum
    from bncli.core.batch_norm_layer import BatchNormLayer


@dataclass(frozen=True, slots=True)
class InputLoss:
    """Channels of one layer whose variance only decayed in the end."""

    num_channels: int
    """Those that are not dead yet."""
    since: int
    """Index of the checkpoint after which the variance of each of them only decayed."""


def input_loss(layers: Sequence[BatchNormLayer], momenta: Sequence[DecayMomentum | None]) -> InputLoss | None:
    """Return the loss of input of one layer; `None` where every channel is dead or moved by its input.

    Args:
        layers: the layer at each checkpoint.
        momenta: what the fall of variances between each checkpoint and the next tells of the momentum, in all layers.
    """
    lost = np.zeros(0, np.intp)
    since = len(layers) - 1
    for index in reversed(range(len(momenta))):
        found = momenta[index]
        decaying = np.flatnonzero(found is not None and is_decaying(layers[index], layers[index + 1], found))
        if since == len(layers) - 1:
            lost = decaying[~is_dead(layers[-1])[decaying]]
        if not lost.size or not np.isin(lost, decaying).all():
            break
        since = index
    return InputLoss(len(lost), since) if lost.size else None

"""From which checkpoint of a run on the statistics of a layer stand still while its parameters are trained."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from bncli.analysis.comparison import movement_of
from bncli.analysis.layer_pair import LayerPair

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bncli.core.batch_norm_layer import BatchNormLayer


def frozen_since(layers: Sequence[BatchNormLayer]) -> int | None:
    """Return the index of the checkpoint from which on only scale and shift move; `None` where nothing stands still.

    A layer in which nothing moves at all is frozen as a whole, and that is nothing to tell.
    """
    movements = [movement_of(LayerPair(before, after, "name")) for before, after in pairwise(layers)]
    since = len(movements)
    while since > 0 and not (movements[since - 1].statistics_moved or movements[since - 1].delta):
        since -= 1
    return since if any(movement.affine_moved for movement in movements[since:]) else None

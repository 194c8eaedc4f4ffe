"""For how long a channel has been dead, at least: without input its variance falls by `1 - momentum` in each update."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bncli.analysis.dead_variance import is_dead
from bncli.core.momentum import log_decay
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bncli.core.batch_norm_layer import BatchNormLayer


@dataclass(frozen=True, slots=True)
class DeadChannel:
    """A channel that nothing reaches any more."""

    label: str
    """Label of its layer."""
    channel: int
    running_var: float
    fewest_updates: int | None
    """Updates since its death, at least, if it fell from the median of its layer's living channels; `None` where no
    number of updates leads there: variance 0, or no momentum."""


def dead_channels(layers: Iterable[BatchNormLayer], momentum: float | None = None) -> tuple[DeadChannel, ...]:
    """Return the dead channels of some layers, each with the fewest updates that can lie between its death and now.

    No update makes a variance smaller than `(1 - m)` times itself, so that the fall from v0 to v takes
    `ln(v0 / v) / -ln(1 - m)` updates or more: more where the floor of the element type or the decay of weights held it.

    Args:
        layers: the layers.
        momentum: weight of the new batch; `None` takes each layer's own.
    """
    return tuple(
        dead for layer in layers for dead in _of_layer(layer, layer.momentum.value if momentum is None else momentum)
    )


def _of_layer(layer: BatchNormLayer, momentum: float | None) -> tuple[DeadChannel, ...]:
    dead = is_dead(layer)
    if not dead.any():
        return ()
    var = layer.running_var.astype(np.float64)
    living = var[(var > 0) & ~dead & np.isfinite(var)]
    if not living.size:
        return ()
    reference = float(np.quantile(living, 0.5, method="lower"))
    return tuple(
        DeadChannel(layer.label, channel, float(var[channel]), fewest_updates(reference, float(var[channel]), momentum))
        for channel in np.flatnonzero(dead).tolist()
    )


def fewest_updates(start: float, end: float, momentum: float | None) -> int | None:
    """Return the fewest updates in which a variance falls from `start` to `end`; `None` where no number is enough."""
    if momentum is None or not (0 < momentum < 1 and end > 0 and np.isfinite(start)):
        return None
    if start <= end:
        return 0
    return int((np.log(start) - np.log(end)) / -log_decay(momentum))

"""In which order the checkpoints of one run were saved: by their counters, else by their names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bncli.core.batch_norm_layer import Checkpoint

OrderBasis = Literal["counter", "name"]


def in_order(checkpoints: Sequence[Checkpoint]) -> tuple[tuple[Checkpoint, ...], OrderBasis]:
    """Return the checkpoints in the order of their counters, or of their names where counters do not tell.

    Counters tell if every file has one and no two files have the same. Names are compared with their numbers as
    numbers: `epoch_9` stands before `epoch_10`.
    """
    counters = [newest_counter(checkpoint) for checkpoint in checkpoints]
    told = [counter for counter in counters if counter is not None]
    if len(set(told)) == len(checkpoints):
        order = sorted(zip(told, range(len(told)), strict=True))
        return tuple(checkpoints[index] for _, index in order), "counter"
    return tuple(sorted(checkpoints, key=lambda checkpoint: natural_key(str(checkpoint.path)))), "name"


def newest_counter(checkpoint: Checkpoint) -> int | float | None:
    """Return the greatest counter of a file; `None` where no layer has one."""
    counters = [layer.num_batches_tracked for layer in checkpoint.layers if layer.num_batches_tracked is not None]
    return max(counters, default=None)


def natural_key(name: str) -> tuple[tuple[int, str], ...]:
    """Return a sort key in which the runs of digits of a name count as numbers.

    >>> sorted(["epoch10.pt", "epoch9.pt"], key=natural_key)
    ['epoch9.pt', 'epoch10.pt']
    """
    parts = re.split(r"(\d+)", name)
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in parts)

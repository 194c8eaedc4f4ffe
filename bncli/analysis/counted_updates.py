"""How many updates lie between two states of a layer, by its counter."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bncli.core.batch_norm_layer import BatchNormLayer


def updates_between(before: BatchNormLayer, after: BatchNormLayer) -> int | float | None:
    """Return by how much the counter grew, negative where it went back; `None` where one of the two has none."""
    start, end = before.num_batches_tracked, after.num_batches_tracked
    return None if start is None or end is None else end - start

"""What the update counters of a checkpoint tell: whether its layers were trained together."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bncli.core.batch_norm_layer import BatchNormLayer


@dataclass(frozen=True, slots=True)
class CounterGroup:
    """Layers that share one value of num_batches_tracked."""

    num_batches_tracked: int | float | None
    """`None` where the layers have no counter."""
    num_layers: int


def lineage(layers: Iterable[BatchNormLayer]) -> tuple[CounterGroup, ...]:
    """Return the distinct counters with the number of layers of each, in the order in which they first appear."""
    counts = Counter(layer.num_batches_tracked for layer in layers)
    return tuple(CounterGroup(counter, num_layers) for counter, num_layers in counts.items())

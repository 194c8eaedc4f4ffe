"""What a checkpoint holds, layer by layer: summaries of every array, and what strikes the eye."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bncli.analysis.array_summary import ArraySummary, summarize
from bncli.analysis.dead_variance import is_dead
from bncli.analysis.initial_statistics import has_initial_statistics
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from bncli.analysis.layer_selection import SelectedLayer
    from bncli.core.batch_norm_layer import BatchNormLayer


@dataclass(frozen=True, slots=True, eq=False)
class InspectedLayer:
    """A layer with the summaries of its arrays."""

    layer: BatchNormLayer
    channels: NDArray[np.intp]
    """Indices of the selected channels."""
    running_mean: ArraySummary
    running_var: ArraySummary
    weight: ArraySummary | None
    bias: ArraySummary | None
    num_negative_var: int
    """Channels with a running variance below 0."""
    num_dead: int
    """Channels that nothing reaches any more, as `dead_variance.is_dead` tells them."""
    is_initial: bool
    """Whether every channel still has mean 0 and variance 1."""

    @property
    def num_non_finite(self) -> int:
        """NaN and infinite values in all of the layer's arrays."""
        return sum(summary.num_non_finite for summary in self._summaries())

    def _summaries(self) -> Iterator[ArraySummary]:
        summaries = (self.running_mean, self.running_var, self.weight, self.bias)
        return (summary for summary in summaries if summary is not None)

    def worst_first(self) -> tuple[float, ...]:
        """Return a sort key: layers with broken values first, then those with the smallest variance."""
        smallest = np.inf if self.running_var.min is None else float(self.running_var.min)
        return (-self.num_non_finite, -self.num_negative_var, -self.num_dead, smallest)


def inspect(selected: SelectedLayer) -> InspectedLayer:
    """Return the summaries of one layer."""
    layer = selected.layer
    return InspectedLayer(
        layer=layer,
        channels=selected.channels,
        running_mean=summarize(layer.running_mean),
        running_var=summarize(layer.running_var),
        weight=None if layer.weight is None else summarize(layer.weight),
        bias=None if layer.bias is None else summarize(layer.bias),
        num_negative_var=int((layer.running_var.astype(np.float64) < 0).sum()),
        num_dead=int(is_dead(layer).sum()),
        is_initial=bool(layer.num_features and has_initial_statistics(layer).all()),
    )

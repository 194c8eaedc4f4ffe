"""What a checkpoint holds, layer by layer: summaries of every array, and what strikes the eye."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bncli.analysis.array_summary import ArraySummary, summaries
from bncli.analysis.dead_variance import dead_below, is_dead
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from bncli.analysis.layer_selection import SelectedLayer
    from bncli.core.batch_norm_layer import BatchNormLayer


_ROLES = ("running_mean", "running_var", "weight", "bias")


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


def inspect(selected: Sequence[SelectedLayer]) -> list[InspectedLayer]:
    """Return the summaries of layers, in their order."""
    arrays = [(getattr(each.layer, role), place, role) for place, each in enumerate(selected) for role in _ROLES]
    stored = [each for each in arrays if each[0] is not None]
    by_role: list[dict[str, ArraySummary]] = [{} for _ in selected]
    for summary, (_, place, role) in zip(summaries([values for values, _, _ in stored]), stored, strict=True):
        by_role[place][role] = summary
    return [_inspected(each, found) for each, found in zip(selected, by_role, strict=True)]


def _inspected(selected: SelectedLayer, found: Mapping[str, ArraySummary]) -> InspectedLayer:
    layer, mean, var = selected.layer, found["running_mean"], found["running_var"]
    return InspectedLayer(
        layer=layer,
        channels=selected.channels,
        running_mean=mean,
        running_var=var,
        weight=found.get("weight"),
        bias=found.get("bias"),
        num_negative_var=_num_negative(layer, var),
        num_dead=_num_dead(layer, var),
        is_initial=mean.is_everywhere(0) and var.is_everywhere(1),
    )


def _num_negative(layer: BatchNormLayer, var: ArraySummary) -> int:
    if not var.num_inf and var.min is not None and var.min >= 0:
        return 0
    return int((layer.running_var.astype(np.float64) < 0).sum())


def _num_dead(layer: BatchNormLayer, var: ArraySummary) -> int:
    if var.min is not None and float(var.min) >= dead_below(layer):
        return 0
    return int(is_dead(layer).sum())

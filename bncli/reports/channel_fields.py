"""The columns of the channel table: one row for each channel of the selected layers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bncli.analysis.dead_variance import is_dead
from bncli.core.shortest_decimal import shortest_decimal
from bncli.light_dataclass import dataclass
from bncli.reports.arrangement import Field
from bncli.reports.document import Cell, Column

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bncli.analysis.inspection import InspectedLayer


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """One channel of one layer; values as Python floats, `None` where the layer has no such array."""

    inspected: InspectedLayer
    layer: str
    channel: int
    running_mean: float
    running_var: float
    weight: float | None
    bias: float | None
    scale: float
    shift: float
    is_dead: bool
    """Whether nothing reaches the channel any more."""

    @property
    def is_finite(self) -> bool:
        """Whether every stored number of the channel is finite."""
        stored = (self.running_mean, self.running_var, self.weight, self.bias)
        return all(value is None or math.isfinite(value) for value in stored)

    def worst_first(self) -> tuple[float, ...]:
        """Return a sort key: broken values first, then the smallest variance."""
        is_sound = self.is_finite and math.isfinite(self.scale)
        return (is_sound, self.running_var if not math.isnan(self.running_var) else -math.inf)


def channel_rows(layer: InspectedLayer) -> Iterator[ChannelRow]:
    """Yield the selected channels of a layer."""
    stored = layer.layer
    scale, shift = stored.scale_and_shift()
    dead = is_dead(stored)
    for channel in layer.channels.tolist():
        yield ChannelRow(
            inspected=layer,
            layer=stored.label,
            channel=channel,
            running_mean=shortest_decimal(stored.running_mean[channel]),
            running_var=shortest_decimal(stored.running_var[channel]),
            weight=None if stored.weight is None else shortest_decimal(stored.weight[channel]),
            bias=None if stored.bias is None else shortest_decimal(stored.bias[channel]),
            scale=float(scale[channel]),
            shift=float(shift[channel]),
            is_dead=bool(dead[channel]),
        )


def _remarks(row: ChannelRow) -> Cell:
    if not row.is_finite:
        return Cell("not finite", "bad")
    if row.running_var < 0:
        return Cell("negative var", "bad")
    return Cell("dead", "notice") if row.is_dead else Cell("")


CHANNEL_FIELDS: tuple[Field[ChannelRow], ...] = (
    Field(Column("layer", "layer", "text", "name of the layer", priority=0), lambda row: row.layer),
    Field(Column("channel", "channel", "integer", "index of the channel, from 0", priority=0), lambda row: row.channel),
    Field(Column("running_mean", "mean", "number", "stored running mean", priority=1), lambda row: row.running_mean),
    Field(Column("running_var", "var", "number", "stored running variance", priority=1), lambda row: row.running_var),
    Field(Column("weight", "weight", "number", "learned scale", priority=3), lambda row: row.weight),
    Field(Column("bias", "bias", "number", "learned shift", priority=3), lambda row: row.bias),
    Field(
        Column("scale", "scale", "number", "weight / sqrt(running_var + eps): slope in eval mode", priority=2),
        lambda row: row.scale,
    ),
    Field(
        Column("shift", "shift", "number", "bias - running_mean * scale: offset in eval mode", priority=2),
        lambda row: row.shift,
    ),
    Field(Column("remarks", "remarks", "text", "not finite, negative or dead variance", priority=1), _remarks),
)

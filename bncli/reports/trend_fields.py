"""The columns of the trend table: one row for each layer that all checkpoints of a run have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bncli.analysis.counted_updates import updates_between
from bncli.reports.arrangement import Field, field_of
from bncli.reports.document import Cell, Series

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bncli.analysis.trend import LayerTrend


MOST_POINTS = 32
"""Characters of a sparkline; of more checkpoints every so many-th is drawn, the first and the last always."""


def _series(values: Sequence[float]) -> Series:
    kept = np.linspace(0, len(values) - 1, min(len(values), MOST_POINTS)).round().astype(int)
    return Series(tuple(values[index] for index in kept.tolist()))


def num_updates(layer: LayerTrend) -> int | float | None:
    """Return the updates from the first checkpoint to the last; `None` where one of them has no counter."""
    return updates_between(layer.layers[0], layer.layers[-1])


def worst_first(layer: LayerTrend) -> tuple[float, ...]:
    """Return a sort key: layers that diverge, then those with most deaths, most dead and most dying channels."""
    num_dying = 0 if layer.input_loss is None else layer.input_loss.num_channels
    return (layer.divergence is None, -len(layer.deaths), -layer.num_dead[-1], -num_dying)


def _remarks(layer: LayerTrend) -> Cell:
    is_notable = layer.deaths or layer.input_loss is not None
    return Cell(", ".join(_remark_texts(layer)), "bad" if layer.divergence else "notice" if is_notable else "plain")


def _remark_texts(layer: LayerTrend) -> Iterator[str]:
    found = layer.divergence
    if found is not None:
        what = "not finite" if found.kind == "not-finite" else "diverges"
        yield f"{found.statistic} {what} since file {found.since + 1}"
    if layer.deaths:
        files = sorted({death.first_dead + 1 for death in layer.deaths})
        when = f"file {files[0]}" if len(files) == 1 else f"files {files[0]} to {files[-1]}"
        yield f"{len(layer.deaths)} dead since {when}"
    if layer.input_loss is not None:
        yield f"{layer.input_loss.num_channels} without input since file {layer.input_loss.since + 1}"
    if layer.frozen_since is not None:
        yield f"statistics frozen since file {layer.frozen_since + 1}"


TREND_FIELDS: tuple[Field[LayerTrend], ...] = (
    field_of("layer", "layer", "text", "name in the last file, without shared containers", 0, lambda t: t.label),
    field_of("num_features", "C", "integer", "number of channels", 6, lambda t: t.layers[-1].num_features),
    field_of("num_updates", "in between", "integer", "updates from the first file to the last", 3, num_updates),
    field_of("mean", "mean", "series", "root mean square of the running mean, from file to file", 1,
             lambda t: _series(t.mean)),
    field_of("mean_last", "last", "number", "the same in the last file", 2, lambda t: t.mean[-1]),
    field_of("var", "variance", "series", "median running variance, from file to file", 1, lambda t: _series(t.var)),
    field_of("var_last", "last", "number", "the same in the last file", 2, lambda t: t.var[-1]),
    field_of("scale", "scale", "series", "median of |weight| / sqrt(running_var + eps), from file to file", 4,
             lambda t: _series(t.scale)),
    field_of("scale_last", "last", "number", "the same in the last file", 5, lambda t: t.scale[-1]),
    field_of("num_dead", "dead", "integer", "dead channels in the last file", 3, lambda t: t.num_dead[-1]),
    field_of("remarks", "remarks", "text", "what diverges, died, lost its input or stands still, and by which file", 1,
             _remarks),
)  # fmt: skip

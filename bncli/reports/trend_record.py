"""The report of `trend` for programs: what the schema `trend` describes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bncli.analysis.checkpoint_order import newest_counter
from bncli.reports.trend_fields import num_updates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bncli.analysis.decay_momentum import DecayMomentum
    from bncli.analysis.momentum_recovery import FloorMomentum
    from bncli.analysis.trend import LayerTrend, Trend


def trend_record(trend: Trend, shown: Sequence[LayerTrend]) -> dict[str, Any]:
    """Return the record of schema `trend`: the files in order, and the series of each layer to show."""
    return {
        "files": [
            {"path": str(checkpoint.path), "num_batches_tracked": newest_counter(checkpoint)}
            for checkpoint in trend.checkpoints
        ],
        "order": trend.order,
        "layers": [_layer_record(layer) for layer in shown],
        "partial": list(trend.partial),
        "momenta": [_momentum_record(found) for found in trend.momenta],
        "floor_momentum": _floor_record(trend.floor),
    }


def _layer_record(layer: LayerTrend) -> dict[str, Any]:
    found = layer.divergence
    return {
        "name": layer.layers[-1].name,
        "num_features": layer.layers[-1].num_features,
        "num_batches_tracked": [each.num_batches_tracked for each in layer.layers],
        "num_updates": num_updates(layer),
        "updates": list(layer.updates),
        "mean": list(layer.mean),
        "var": list(layer.var),
        "scale": list(layer.scale),
        "num_dead": list(layer.num_dead),
        "deaths": [
            {"channel": death.channel, "first_dead": death.first_dead, "latest_update": death.latest_update}
            for death in layer.deaths
        ],
        "divergence": None
        if found is None
        else {"kind": found.kind, "statistic": found.statistic, "since": found.since},
        "input_loss": None
        if layer.input_loss is None
        else {"num_channels": layer.input_loss.num_channels, "since": layer.input_loss.since},
        "frozen_since": layer.frozen_since,
    }


def _floor_record(found: FloorMomentum | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {"low": found.low, "high": found.high, "num_channels": found.num_channels, "floor": found.floor}


def _momentum_record(found: DecayMomentum | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "low": found.low,
        "high": found.high,
        "num_channels": found.num_channels,
        "is_cumulative": found.is_cumulative,
    }

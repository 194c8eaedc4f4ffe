"""The columns of the layer table: one row for each batch-normalization layer of a checkpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.core.shortest_decimal import shortest_decimal
from bncli.reports.arrangement import Field, field_of
from bncli.reports.document import Cell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bncli.analysis.array_summary import ArraySummary
    from bncli.analysis.inspection import InspectedLayer
    from bncli.core.batch_norm_layer import Setting
    from bncli.reports.document import Value


def _statistic(role: str, name: str, title: str, priority: int) -> Field[InspectedLayer]:
    """Return the column of one statistic of one array over the channels."""

    def get(layer: InspectedLayer) -> Value:
        summary: ArraySummary | None = getattr(layer, role)
        number = None if summary is None else getattr(summary, name)
        return None if number is None else shortest_decimal(number)

    words = role.replace("_", " ")
    return field_of(f"{role}_{name}", title, "number", f"{name} of {words} over the channels", priority, get)


def setting_text(setting: Setting[float] | Setting[float | None]) -> str:
    """Return a setting with its source where it is not the file's own: `1e-05 assumed`."""
    value = "cumulative" if setting.value is None else f"{setting.value:g}"
    return value if setting.source == "stored" else f"{value} {setting.source}"


def remarks(layer: InspectedLayer) -> Cell:
    """Return in words what strikes the eye in a layer's statistics."""
    broken = [
        f"{count} {what}"
        for count, what in ((layer.num_non_finite, "not finite"), (layer.num_negative_var, "negative var"))
        if count
    ]
    if broken:
        return Cell(", ".join(broken), "bad")
    striking = [f"{layer.num_dead} dead"] if layer.num_dead else []
    striking += ["initial statistics"] if layer.is_initial else []
    striking += [] if layer.layer.is_tracking else ["not updated"]
    return Cell(", ".join(striking), "notice" if striking else "plain")


LAYER_FIELDS: tuple[Field[InspectedLayer], ...] = (
    field_of("layer", "layer", "text", "name of the layer, without shared containers", 0, lambda i: i.layer.label),
    field_of("num_features", "C", "integer", "number of channels", 1, lambda i: i.layer.num_features),
    field_of(
        "num_batches_tracked", "updates", "integer", "num_batches_tracked", 3, lambda i: i.layer.num_batches_tracked
    ),
    _statistic("running_mean", "min", "mean min", 4),
    _statistic("running_mean", "max", "mean max", 4),
    _statistic("running_var", "min", "var min", 2),
    _statistic("running_var", "median", "var median", 3),
    _statistic("running_var", "max", "var max", 2),
    _statistic("weight", "min", "weight min", 5),
    _statistic("weight", "max", "weight max", 5),
    _statistic("bias", "min", "bias min", 6),
    _statistic("bias", "max", "bias max", 6),
    field_of("eps", "eps", "text", "eps; given or assumed if not stored", 7, lambda i: setting_text(i.layer.eps)),
    field_of("momentum", "momentum", "text", "weight of the new batch", 8, lambda i: setting_text(i.layer.momentum)),
    field_of("dtype", "dtype", "text", "stored element type of running_var", 9, lambda i: i.layer.dtype),
    field_of("selected", "selected", "integer", "channels for which --where holds", 2, lambda i: len(i.channels)),
    field_of(
        "remarks",
        "remarks",
        "text",
        "values not finite, negative or dead variances, initial state, no updates (track_running_stats)",
        1,
        remarks,
    ),
)

SHARED_KEYS = ("eps", "momentum", "dtype")
"""Columns that are told once above the table where all layers agree."""


def default_columns(layers: Sequence[InspectedLayer], *, is_filtered: bool) -> tuple[str, ...]:
    """Return the columns that are shown where none are asked for: those that tell the layers apart."""
    hidden = set() if is_filtered else {"selected"}
    hidden |= {field.column.key for field in shared_fields(layers)}
    return tuple(field.column.key for field in LAYER_FIELDS if field.column.key not in hidden)


def shared_fields(layers: Sequence[InspectedLayer]) -> list[Field[InspectedLayer]]:
    """Return the fields among `SHARED_KEYS` in which all layers agree."""
    fields = [field for field in LAYER_FIELDS if field.column.key in SHARED_KEYS]
    return [field for field in fields if len({field.value(layer) for layer in layers}) == 1]

"""The columns of the calibration table: one row for each layer that was recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bncli.core.median import median
from bncli.reports.arrangement import Field
from bncli.reports.document import Column

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from bncli.analysis.calibration import LayerCalibration
    from bncli.reports.document import ColumnKind, Value


def over_channels(
    values: NDArray[np.float64], reduce: Callable[[NDArray[np.float64]], float | np.floating]
) -> float | None:
    """Return a number over the channels that have one; `None` where none has."""
    finite = values[np.isfinite(values)]
    return float(reduce(finite)) if finite.size else None


def worst_first(layer: LayerCalibration) -> tuple[float, ...]:
    """Return the key that sorts layers by how far their means moved."""
    return (-(over_channels(layer.mean_shift, np.max) or 0.0),)


def _field(
    key: str,
    title: str,
    kind: ColumnKind,
    meaning: str,
    priority: int,
    value: Callable[[LayerCalibration], Value],
    unit: str = "",
) -> Field[LayerCalibration]:
    return Field(Column(key, title, kind, meaning, unit, priority), value)


CALIBRATION_FIELDS: tuple[Field[LayerCalibration], ...] = (
    _field("layer", "layer", "text", "name without what all layers share", 0, lambda each: each.layer.label),
    _field("num_features", "C", "integer", "number of channels", 4, lambda each: each.layer.num_features),
    _field("num_batches", "batches", "integer", "batches that were recorded", 3, lambda each: each.num_batches),
    _field("num_samples", "samples", "integer", "samples in them", 3, lambda each: each.num_samples),
    _field("mean_shift_median", "mean shift", "number",
           "median over the channels of how far the mean moved", 1,
           lambda each: over_channels(each.mean_shift, median), "old sigma"),
    _field("mean_shift_max", "worst shift", "number", "how far the mean of one channel moved at most", 0,
           lambda each: over_channels(each.mean_shift, np.max), "old sigma"),
    _field("var_ratio_median", "var ratio", "number", "median over the channels of new variance over old", 0,
           lambda each: over_channels(each.var_ratio, median)),
    _field("var_ratio_min", "least ratio", "number", "smallest new variance over old", 2,
           lambda each: over_channels(each.var_ratio, np.min)),
    _field("var_ratio_max", "worst ratio", "number", "greatest new variance over old", 2,
           lambda each: over_channels(each.var_ratio, np.max)),
    _field("standard_error", "std error", "number", "greatest standard error of a new mean", 1,
           lambda each: over_channels(each.standard_error, np.max), "sigma"),
    _field("samples_for_aim", "samples for 1 %", "integer",
           "samples that bring every standard error to 0.01 sigma", 2, lambda each: each.samples_for_aim),
)  # fmt: skip

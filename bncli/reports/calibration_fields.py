"""The columns of the calibration table: one row for each layer that was recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bncli.core.median import median
from bncli.reports.arrangement import Field, field_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from bncli.analysis.calibration import LayerCalibration


def over_channels(
    values: NDArray[np.float64], reduce: Callable[[NDArray[np.float64]], float | np.floating]
) -> float | None:
    """Return a number over the channels that have one; `None` where none has."""
    finite = values[np.isfinite(values)]
    return float(reduce(finite)) if finite.size else None


def worst_first(layer: LayerCalibration) -> tuple[float, ...]:
    """Return the key that sorts layers by how far their means moved."""
    return (-(over_channels(layer.mean_shift, np.max) or 0.0),)


CALIBRATION_FIELDS: tuple[Field[LayerCalibration], ...] = (
    field_of("layer", "layer", "text", "name without what all layers share", 0, lambda each: each.layer.label),
    field_of("num_features", "C", "integer", "number of channels", 4, lambda each: each.layer.num_features),
    field_of("num_batches", "batches", "integer", "batches that were recorded", 3, lambda each: each.num_batches),
    field_of("num_samples", "samples", "integer", "samples in them", 3, lambda each: each.num_samples),
    field_of("mean_shift_median", "mean shift", "number",
             "median over the channels of how far the mean moved", 1,
             lambda each: over_channels(each.mean_shift, median), "old sigma"),
    field_of("mean_shift_max", "worst shift", "number", "how far the mean of one channel moved at most", 0,
             lambda each: over_channels(each.mean_shift, np.max), "old sigma"),
    field_of("var_ratio_median", "var ratio", "number", "median over the channels of new variance over old", 0,
             lambda each: over_channels(each.var_ratio, median)),
    field_of("var_ratio_min", "least ratio", "number", "smallest new variance over old", 2,
             lambda each: over_channels(each.var_ratio, np.min)),
    field_of("var_ratio_max", "worst ratio", "number", "greatest new variance over old", 2,
             lambda each: over_channels(each.var_ratio, np.max)),
    field_of("standard_error", "std error", "number", "greatest standard error of a new mean", 1,
             lambda each: over_channels(each.standard_error, np.max), "sigma"),
    field_of("samples_for_aim", "samples for 1 %", "integer",
             "samples that bring every standard error to 0.01 sigma", 2, lambda each: each.samples_for_aim),
)  # fmt: skip

"""Population statistics in the place of a checkpoint's running statistics: what they are, and what they move."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bncli.analysis.naming_schemes import ddof_of_framework
from bncli.analysis.population_estimate import effective_count, estimate
from bncli.core.recorded_layer import pooled
from bncli.core.running_statistics import RunningStatistics, check_start
from bncli.errors import InvalidUsage, InvalidValue, ShapeMismatch
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bncli.analysis.population_estimate import EstimateSettings
    from bncli.core.batch_norm_layer import BatchNormLayer
    from bncli.core.batch_statistics import Ddof
    from bncli.core.recorded_layer import BatchRows, RecordedLayer

    FloatArray = NDArray[np.float64]

AIMED_ERROR = 0.01
"""Standard error of a mean, in standard deviations, that is good enough: a shift that no layer notices."""


@dataclass(frozen=True, slots=True, eq=False)
class LayerCalibration:
    """One layer before and after; arrays of shape (C,)."""

    layer: BatchNormLayer
    recorded_name: str
    num_batches: int
    num_left_out: int
    """Batches of eval mode that are not among them, because a recording has some of train mode."""
    num_eval: int
    """Batches of eval mode that are among them, because a recording has no others."""
    is_of_training: bool
    """Whether a recording is of the training that led to the layer."""
    num_samples: int
    num_values: int
    """Values per channel, over all batches."""
    ddof: Ddof
    """Of the new variance."""
    mean: FloatArray
    """The new running mean, before it is rounded to the stored precision."""
    var: FloatArray
    """The new running variance."""
    effective_count: FloatArray
    """Independent values that the mean is worth; NaN where nothing tells."""

    @property
    def mean_shift(self) -> FloatArray:
        """Distance that the mean moved, in old standard deviations `sqrt(running_var + eps)`."""
        with np.errstate(invalid="ignore", divide="ignore"):
            old = np.sqrt(self.layer.running_var.astype(np.float64) + self.layer.eps.value)
            return np.abs(self.mean - self.layer.running_mean.astype(np.float64)) / old

    @property
    def var_ratio(self) -> FloatArray:
        """New over old variance, eps added to both."""
        with np.errstate(invalid="ignore", divide="ignore"):
            eps = self.layer.eps.value
            return (self.var + eps) / (self.layer.running_var.astype(np.float64) + eps)

    @property
    def standard_error(self) -> FloatArray:
        """Standard error of the new mean, in standard deviations of the values."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return 1 / np.sqrt(self.effective_count)

    @property
    def samples_for_aim(self) -> int | None:
        """Samples that bring the standard error of every channel to `AIMED_ERROR`; `None` where nothing tells."""
        known = self.standard_error[np.isfinite(self.standard_error)]
        return int(np.ceil(self.num_samples * (known.max() / AIMED_ERROR) ** 2)) if known.size else None


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """All layers, and what has no counterpart."""

    settings: EstimateSettings
    layers: tuple[LayerCalibration, ...]
    unrecorded: tuple[str, ...]
    """Layers of the checkpoint that no recording holds: they stay as they are."""
    unused: tuple[str, ...]
    """Layers of the recordings that the checkpoint does not have."""


def calibrate_layer(
    layer: BatchNormLayer, recorded: Sequence[RecordedLayer], settings: EstimateSettings
) -> LayerCalibration:
    """Return a layer with population statistics.

    Args:
        layer: as the checkpoint has it.
        recorded: the same layer in one or several recordings.
        settings: which estimate.

    Raises:
        InvalidUsage: a cumulative average is asked for, and the layer's counter counts nothing.
        ShapeMismatch: the numbers of channels differ.
        InvalidValue: a batch held NaN or infinity, or there is none, or there are too few values for a variance.
    """
    parts = _usable_rows(layer, recorded)
    ddof = ddof_of_framework(layer.framework)
    old = RunningStatistics(
        layer.running_mean.astype(np.float64), layer.running_var.astype(np.float64), layer.num_batches_tracked
    )
    if settings.name == "ema":
        _check_start(layer, old, settings.momentum)
    mean, var = estimate(parts, old, settings, ddof)
    if not (np.isfinite(mean).all() and np.isfinite(var).all()):
        raise InvalidValue(
            f"layer {layer.label}: its batches give no finite statistics",
            hint="batches need at least two values per channel, and old statistics that are mixed in must be finite",
        )
    return LayerCalibration(
        layer=layer,
        recorded_name=recorded[0].name,
        num_batches=sum(len(rows) for rows in parts),
        num_left_out=sum(each.num_left_out for each in recorded),
        num_eval=sum(int((~rows.is_training).sum()) for rows in parts),
        is_of_training=any(each.led_to(layer.num_batches_tracked) for each in recorded),
        num_samples=sum(int(rows.num_samples.sum()) for rows in parts),
        num_values=sum(int(rows.num_values.sum()) for rows in parts),
        ddof=ddof,
        mean=mean,
        var=var,
        effective_count=effective_count(parts, pooled(parts).biased_var),
    )


def _usable_rows(layer: BatchNormLayer, recorded: Sequence[RecordedLayer]) -> list[BatchRows]:
    """Return the batches that count, of each recording; raises as `calibrate_layer`."""
    for each in recorded:
        if each.num_features != layer.num_features:
            raise ShapeMismatch(
                f"layer {layer.label} has {layer.num_features} channels, {each.num_features} in the recording",
                hint="the recording is of another model",
            )
    parts = [each.training_rows for each in recorded]
    if not any(len(rows) for rows in parts):
        raise InvalidValue(f"layer {layer.label}: no batch of it was recorded", hint="record the model over some data")
    _refuse_nonfinite(layer, parts)
    return parts


def _check_start(layer: BatchNormLayer, old: RunningStatistics, momentum: float | None) -> None:
    try:
        check_start(old, momentum)
    except InvalidUsage as error:
        raise InvalidUsage(f"layer {layer.label}: {error.message}", hint=error.hint) from error


def _refuse_nonfinite(layer: BatchNormLayer, parts: Sequence[BatchRows]) -> None:
    for rows in parts:
        broken = np.argwhere(~rows.is_finite)
        if broken.size:
            row, channel = broken[0].tolist()
            raise InvalidValue(
                f"layer {layer.label}, channel {channel}: the batch of step {rows.step[row]} holds NaN or infinity",
                hint="find that batch and record without it: no statistics of it are of use in eval mode",
            )

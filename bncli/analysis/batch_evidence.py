"""What the batches of a recording say about one layer: the population that they come from, and how they scatter."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from bncli.analysis.population_estimate import effective_count
from bncli.core.median import column_medians, median
from bncli.core.recorded_layer import pooled
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bncli.core.recorded_layer import BatchRows, RecordedLayer

    FloatArray = NDArray[np.float64]

_LAST_OF_TRAINING = 0.25
"""Of a training's batches so many are of weights like the last ones. Of a healthy run recorded from its first step,
seven findings were left with all of them, one with half, and none with a quarter."""
_FEWEST_OF_TRAINING = 20


@dataclass(frozen=True, slots=True)
class PoisonedBatch:
    """A batch that held NaN or infinity."""

    step: int
    """Forward pass of the model, counted from 0."""
    channels: tuple[int, ...]
    """Where."""


@dataclass(frozen=True, slots=True, eq=False)
class BatchEvidence:
    """The `training_rows` of one layer in few numbers; arrays of shape (C,), over batches without NaN and infinity."""

    num_batches: int
    """Those of them that are finite in every channel."""
    num_left_out: int
    """Batches of eval mode that are not among them, because there are some of train mode."""
    mean: FloatArray
    """Mean of the population."""
    biased_var: FloatArray
    """Its variance: within batches plus between them."""
    effective_count: FloatArray
    """Independent values that the mean is worth, over all batches; NaN where nothing tells."""
    batch_effective_count: FloatArray
    """Independent values that the mean of one batch is worth, by what is seen within batches: median over them."""
    between_fraction: FloatArray
    """Variance of the batches' means over the population's variance; NaN for fewer than two batches."""
    fewest_values: int | None
    """Values per channel in the smallest batch of train mode; `None` where no batch passed in train mode."""
    num_fewest: int
    """Batches of train mode that are as small."""
    num_training: int
    """Batches of train mode."""
    num_samples: float
    """Samples in a batch of train mode, the median of them; NaN where there is none that is finite."""
    independent_values: float
    """Independent values per channel that such a batch is worth, the median over channels; NaN where nothing tells, as
    for batches of one sample."""
    is_of_training: bool
    """Whether the recording is of the training that led to the layer: of its batches only the last count then, for the
    weights before the layer moved meanwhile."""
    poisoned: tuple[PoisonedBatch, ...]
    """Batches with NaN or infinity, of either mode, in the order of their steps."""


def batch_evidence(layer: RecordedLayer, counter: float | None = None) -> BatchEvidence:
    """Return the evidence of one recorded layer.

    Args:
        layer: its batches.
        counter: updates that the checkpoint counts for it; `None` where it counts none.
    """
    rows = layer.rows
    is_broken = ~rows.is_finite
    is_of_training = layer.led_to(counter)
    counted = _last(layer.training_rows) if is_of_training else layer.training_rows
    sound = counted.chosen(np.flatnonzero(counted.is_finite.all(axis=1)))
    in_training = rows.num_values[rows.is_training]
    fewest = int(in_training.min()) if in_training.size else None
    nothing = np.full(layer.num_features, np.nan)
    num_samples, independent_values = _typical_size(sound.chosen(np.flatnonzero(sound.is_training)))
    moments = pooled([sound]) if len(sound) else None
    return BatchEvidence(
        num_batches=len(sound),
        num_left_out=layer.num_left_out,
        mean=nothing if moments is None else moments.mean,
        biased_var=nothing if moments is None else moments.biased_var,
        effective_count=nothing if moments is None else effective_count([sound], moments.biased_var),
        batch_effective_count=column_medians(sound.effective_count()) if len(sound) else nothing,
        between_fraction=nothing if moments is None else _between(sound, moments.biased_var),
        fewest_values=fewest,
        num_fewest=int((in_training == fewest).sum()),
        num_training=len(in_training),
        num_samples=num_samples,
        independent_values=independent_values,
        is_of_training=is_of_training,
        poisoned=tuple(
            PoisonedBatch(int(rows.step[row]), tuple(np.flatnonzero(is_broken[row]).tolist()))
            for row in np.flatnonzero(is_broken.any(axis=1))
        ),
    )


def _last(rows: BatchRows) -> BatchRows:
    num_last = max(int(len(rows) * _LAST_OF_TRAINING), _FEWEST_OF_TRAINING)
    return rows.chosen(np.arange(max(len(rows) - num_last, 0), len(rows)))


def _typical_size(rows: BatchRows) -> tuple[float, float]:
    """Return the samples in a median batch, and the independent values per channel that it is worth.

    `n_eff = N * (mean_b(var_b) + V / N) / V` with `V = mean_b(Var_i(a_i))`, ddof 1, of the means a_i of a batch's N
    samples; at least N and at most the values per channel. `V / N` is what a batch's own mean takes from its variance.
    A batch of two tells its spread with one degree of freedom: that is why batches are averaged before the ratio.
    """
    if not len(rows):
        return math.nan, math.nan
    values, samples = median(rows.num_values), median(rows.num_samples)
    rows = rows.chosen(np.flatnonzero(rows.num_samples > 1))
    if not len(rows):
        return samples, math.nan
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        spread = (rows.sample_mean_var * (rows.num_samples / (rows.num_samples - 1))[:, None]).mean(axis=0)
        worth = np.clip(samples * rows.biased_var.mean(axis=0) / spread + 1, samples, values)
    known = worth[np.isfinite(worth)]
    return samples, median(known) if known.size else math.nan


def _between(rows: BatchRows, var: FloatArray) -> FloatArray:
    if len(rows) < 2:  # noqa: PLR2004 - one batch has no scatter
        return np.full(rows.num_features, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        fraction: FloatArray = rows.mean.var(axis=0, ddof=1) / var
    return fraction

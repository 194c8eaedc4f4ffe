"""Statistics of the population that batches come from, estimated from the batches' statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from bncli.core.recorded_layer import pooled
from bncli.core.running_statistics import fresh, update
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bncli.core.batch_statistics import Ddof
    from bncli.core.recorded_layer import BatchRows
    from bncli.core.running_statistics import RunningStatistics

    FloatArray = NDArray[np.float64]

EstimateName: TypeAlias = Literal["pooled", "mean-of-batches", "ema"]
"""`pooled`: all values together, variance within batches plus between them. `mean-of-batches`: the plain mean of the
batches' means and of their variances, as `torch.optim.swa_utils.update_bn` gives it. `ema`: the running average of a
momentum, over the batches in order."""

_FEWEST_BATCHES = 4
"""The scatter of fewer batches' means says next to nothing."""


@dataclass(frozen=True, slots=True)
class EstimateSettings:
    """How the statistics are estimated."""

    name: EstimateName = "pooled"
    momentum: float | None = None
    """Weight of the new batch, for `ema` alone; `None` is then the cumulative average."""
    prior_weight: float = 0.0
    """How many samples the old statistics count for: they keep the weight N / (N + n) against n recorded samples."""


def estimate(
    parts: Sequence[BatchRows], old: RunningStatistics, settings: EstimateSettings, ddof: Ddof
) -> tuple[FloatArray, FloatArray]:
    """Return mean and variance, shape (C,), from the batches of one or several recordings of a layer.

    Args:
        parts: at least one batch.
        old: the statistics so far: where `ema` starts, and what a prior weight keeps.
        settings: which estimate.
        ddof: of the variance: 1 where the framework averages unbiased batch variances.

    References:
        Y. Wu, J. Johnson, "Rethinking 'Batch' in BatchNorm", arXiv 2105.07576, section 3 (pooled against averaged).
        S. Schneider et al., "Improving robustness against common corruptions by covariate shift adaptation",
        arXiv 2006.16971, equation 3 (prior weight).
    """
    match settings.name:
        case "pooled":
            moments = pooled(parts)
            mean, var = moments.mean, moments.unbiased_var if ddof else moments.biased_var
        case "mean-of-batches":
            # As update_bn does: of broken statistics even the weight 0 would leave NaN.
            mean, var = _running(parts, fresh(len(old.mean)), None, ddof)
        case "ema":
            mean, var = _running(parts, old, settings.momentum, ddof)
    num_samples = sum(int(rows.num_samples.sum()) for rows in parts)
    kept = settings.prior_weight / (settings.prior_weight + num_samples) if settings.prior_weight else 0.0
    return _mixed(mean, old.mean, kept), _mixed(var, old.var, kept)


def _running(
    parts: Sequence[BatchRows], start: RunningStatistics, momentum: float | None, ddof: Ddof
) -> tuple[FloatArray, FloatArray]:
    running = start
    for rows in parts:
        for count, mean, var in zip(rows.num_values.tolist(), rows.mean, rows.biased_var, strict=True):
            if count > ddof:
                running = update(running, mean, var * (count / (count - ddof)), momentum)
    return running.mean, running.var


def _mixed(new: FloatArray, old: FloatArray, kept: float) -> FloatArray:
    return new if not kept else kept * old + (1 - kept) * new


def effective_count(parts: Sequence[BatchRows], biased_var: FloatArray) -> FloatArray:
    """Return how many independent values the pooled mean is worth, shape (C,); NaN where nothing tells.

    The smaller of two estimates: that of the spread of samples within their batches, and that of the scatter of the
    batches' means, which also sees batches that are alike within and different among each other.

    Args:
        parts: the batches of one or several recordings of a layer.
        biased_var: variance of all their values together, shape (C,).
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        within: FloatArray = np.concatenate([rows.effective_count() for rows in parts]).sum(axis=0)
        means = np.concatenate([rows.mean for rows in parts])
        if len(means) < _FEWEST_BATCHES:
            return within
        scatter = means.var(axis=0, ddof=1) / len(means)
        between = np.where(scatter > 0, biased_var / scatter, np.inf)
        smaller: FloatArray = np.fmin(within, between)
    return smaller

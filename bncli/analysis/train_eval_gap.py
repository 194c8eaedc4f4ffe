"""How far train mode and eval mode of a layer stand apart on one batch, channel by channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bncli.core.effective_count import effective_count
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bncli.core.moments import Moments
    from bncli.core.normalization import Normalization

    FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class TrainEvalGap:
    """The gap per channel; all arrays have shape (C,), and hold NaN where the batch is empty.

    With `s_B = sqrt(batch var + eps)` and `s_R = sqrt(running var + eps)` the two modes are one affine map apart:
    before weight and bias, `eval = train * r + d`.
    """

    r: FloatArray
    """`s_B / s_R`: 1 without a gap."""
    d: FloatArray
    """`(batch mean - running mean) / s_R`: 0 without a gap."""
    effective_count: FloatArray
    """Independent values that the batch mean is worth; at most the values per channel. NaN where nothing tells: for a
    single sample, and where the batch holds NaN or infinity."""
    z: FloatArray
    """`|d| * sqrt(effective_count)`: above about 6 the batch can't come from the running statistics' population."""
    output_gap: FloatArray
    """Norm of the outputs' difference over the norm of the eval output, `||y_train - y_eval|| / ||y_eval||`."""
    num_values: int
    """Values per channel that were compared; 0 where the batch is empty."""


def train_eval_gap(
    batch: Moments, sample_means: FloatArray, train: Normalization, evaluation: Normalization
) -> TrainEvalGap:
    """Return the gap between the two modes of one layer on one batch.

    Args:
        batch: moments of the batch.
        sample_means: mean of each sample over its positions, shape (N, C). Positions of one sample are correlated, so
            their number must not count as evidence; the spread of these means says what the batch is worth.
        train: the transform of train mode.
        evaluation: the transform of eval mode.

    References:
        S. Ioffe, "Batch Renormalization", arXiv 1702.03275, equation 1 (r and d).
    """
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        batch_std = train.std
        running_std = evaluation.std
        r = batch_std / running_std
        d = ((train.mean - evaluation.mean) + train.mean_error) / running_std
        count = effective_count(batch.unbiased_var, sample_means.var(axis=0), len(sample_means), batch.count)
        train_output = _output_moments(train, batch)
        eval_output = _output_moments(evaluation, batch)
        difference = _norm(train_output[0] - eval_output[0], train_output[1] - eval_output[1], batch)
        output_gap = difference / _norm(*eval_output, batch)
    return TrainEvalGap(r, d, count, np.abs(d) * np.sqrt(count), output_gap, batch.count)


def _output_moments(transform: Normalization, batch: Moments) -> tuple[FloatArray, FloatArray]:
    """Return the mean of the output and its slope in the input: the output is affine in the input."""
    bias = 0.0 if transform.bias is None else transform.bias
    mean = ((batch.mean - transform.mean) + (batch.mean_error - transform.mean_error)) * transform.scale + bias
    return mean, transform.scale


def _norm(mean: FloatArray, slope: FloatArray, batch: Moments) -> FloatArray:
    """Return the root mean square of `mean + slope * (x - batch mean)` over the batch."""
    return np.sqrt(mean * mean + slope * slope * batch.biased_var)

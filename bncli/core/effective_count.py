"""How many independent values the mean of a batch is worth: positions of one sample are correlated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def effective_count(
    unbiased_var: NDArray[np.float64], sample_mean_var: ArrayLike, num_samples: ArrayLike, num_values: ArrayLike
) -> NDArray[np.float64]:
    """Return the number of independent values that would make a mean as sure as that of a batch.

    `n_eff = N * var / Var_i(a_i)`, with the means a_i of the N samples over their positions, at most n.

    Args:
        unbiased_var: variance of the batch's values, ddof 1, shape (..., C).
        sample_mean_var: variance of the a_i, ddof 0, shape (..., C).
        num_samples: samples in the batch, N; of a shape that goes with the others.
        num_values: values per channel, n; likewise.

    Returns:
        Shape (..., C); n where the a_i are all the same. NaN for a single sample, whose mean has no spread, and for a
        batch that holds NaN or infinity.
    """
    samples, values = np.asarray(num_samples, np.float64), np.asarray(num_values, np.float64)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        spread = np.asarray(sample_mean_var, np.float64) * samples / (samples - 1)
        worth = np.where(spread > 0, np.minimum(samples * unbiased_var / spread, values), values)
    return np.where(np.isfinite(spread), worth, np.nan)

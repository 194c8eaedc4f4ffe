"""What is true of the rows of every recording, and is looked at before anything is computed from those of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from bncli.core.recorded_layer import BatchRows

_MOST_VALUES = 2.0**62
"""Values per channel of all batches together: sums of 64 bits hold them."""


def require_sound(rows: BatchRows) -> None:
    """Refuse rows that no batches give. NaN and infinity are statistics like others: batches may hold them.

    Raises:
        ValueError: a count or a variance is one that no batch has.
    """
    if (rows.step < 0).any():
        raise ValueError("a step has a negative number")
    if (rows.num_samples < 1).any() or (rows.num_values < rows.num_samples).any():
        raise ValueError("a batch has no samples, or fewer values than samples")
    if rows.num_values.sum(dtype=np.float64) > _MOST_VALUES:
        raise ValueError("its batches have more values than can be counted")
    if (rows.biased_var < 0).any() or (rows.sample_mean_var < 0).any():
        raise ValueError("a variance is negative")

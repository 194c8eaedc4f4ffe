"""What stands behind the nulls of a record: JSON has neither NaN nor infinity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator


def non_finite_counts(record: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """Return how many values are NaN and how many infinite, for each array of a record that has any.

    Args:
        record: arrays, also in records within it.

    Returns:
        `num_nan` and `num_inf` by the array's place, such as `running.after.var`.
    """
    return {
        place: {"num_nan": int(np.isnan(array).sum()), "num_inf": int(np.isinf(array).sum())}
        for place, array in _arrays(record, "")
        if not np.isfinite(array).all()
    }


def _arrays(record: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, np.ndarray[Any, Any]]]:
    for key, value in record.items():
        if isinstance(value, Mapping):
            yield from _arrays(value, f"{prefix}{key}.")
        elif isinstance(value, np.ndarray):
            yield f"{prefix}{key}", value

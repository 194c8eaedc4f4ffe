"""Independent references: exact rational arithmetic, and torch."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import torch


def exact_moments(values: np.ndarray[Any, Any]) -> tuple[Fraction, Fraction]:
    """Return the exact mean and the exact sum of squared deviations of finite values."""
    exact = [Fraction(float(value)) for value in values.reshape(-1)]
    mean = sum(exact, Fraction(0)) / len(exact)
    return mean, sum(((value - mean) ** 2 for value in exact), Fraction(0))


def channel_values(x: np.ndarray[Any, Any], channel: int, channel_axis: int = 1) -> np.ndarray[Any, Any]:
    """Return all values of one channel, sample after sample."""
    return np.take(x, channel, axis=channel_axis).reshape(-1)


def torch_batch_norm(num_axes: int, num_features: int, **settings: Any) -> torch.nn.Module:
    """Return torch's layer for an input of 2 to 5 axes."""
    kind = {2: torch.nn.BatchNorm1d, 3: torch.nn.BatchNorm1d, 4: torch.nn.BatchNorm2d, 5: torch.nn.BatchNorm3d}
    return kind[num_axes](num_features, **settings)


def relative_error(seen: float | Fraction, exact: Fraction) -> float:
    """Return `|seen - exact| / |exact|`, computed exactly; 0 where both are 0."""
    if exact == 0:
        return 0.0 if seen == 0 else float("inf")
    stated = seen if isinstance(seen, Fraction) else Fraction(float(seen))
    return float(abs(stated - exact) / abs(exact))

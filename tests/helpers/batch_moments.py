"""Moments of a whole array, and of parts together, as one call each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bncli.core.backends import numpy_backend
from bncli.core.channel_layout import ChannelLayout
from bncli.core.moments import merge_rows
from bncli.core.two_pass import RowMoments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bncli.core.moments import Moments


def moments_of_batch(x: np.ndarray[Any, Any], channel_axis: int = 1) -> Moments:
    """Return the moments of each channel of an array over batch and space."""
    flat = x.reshape(-1)
    return numpy_backend.moments(ChannelLayout.of(x.shape, channel_axis), lambda start, stop: flat[start:stop])


def merge(parts: Sequence[Moments]) -> Moments:
    """Return the moments of all values of all parts together; none of them is of extreme magnitude."""
    rows = RowMoments(
        *(np.stack([getattr(part, role) for part in parts]) for role in ("mean", "mean_error", "m2")),
        np.zeros((len(parts), parts[0].num_features), np.int64),
    )
    return merge_rows(np.array([part.count for part in parts]), rows)

"""Why torch's batch normalization is as far from exact as it is, in one or two words for each channel."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bncli.core.channel_layout import ChannelLayout
    from bncli.core.moments import Moments

    FloatArray = NDArray[np.float64]

HALF_TYPES = ("float16", "bfloat16")
_NEAREST = 0.5000001
"""Distance of a correctly rounded value, in units in the last place; the exact one is itself known to 2^-53."""
_ORDINARY = 2.0
"""Distance that a few roundings one after the other explain."""
_ILL_CONDITIONED = 4.0


class Cause(StrEnum):
    """Causes in the order in which they are looked for."""

    NONE = "none"
    """Every result is the exact one, rounded once."""
    OVERFLOW = "overflow"
    """A sum of squares, or the variance, is beyond the precision that statistics are kept in."""
    UNDERFLOW = "underflow"
    """The variance is below the smallest normal number of that precision."""
    ACCUMULATION = "accumulation"
    """Values are added one after the other in that precision, so that the error grows with their number."""
    CANCELLATION = "cancellation"
    """The mean is far larger than the deviation, and the output is computed as x * scale + shift."""
    DOUBLE_ROUNDING = "double rounding"
    """The output is rounded to float32 first and then to its own type."""
    ROUNDING = "rounding"
    """A few roundings one after the other."""
    NO_VALUES = "no values"
    """The array is empty, so that there is nothing to compare."""


@dataclass(frozen=True, slots=True, eq=False)
class Distances:
    """How far results are from exact, in units in the last place; arrays of shape (C,)."""

    mean: FloatArray
    var: FloatArray
    output: FloatArray
    condition: FloatArray
    """`sqrt(1 + mean^2 / var)`."""


def deviation_causes(
    distances: Distances, moments: Moments | None, layout: ChannelLayout, dtype: str, device: str
) -> tuple[Cause, ...]:
    """Return the cause for each channel.

    Args:
        distances: of torch's results from exact ones.
        moments: the exact ones of the batch; `None` where the output does not depend on them, in eval mode.
        layout: of the array as torch got it.
        dtype: element type of the array.
        device: where torch computed.

    References:
        aten/src/ATen/native/cpu/batch_norm_kernel.cpp: contiguous float32 is summed in double; channels last and
        (N, C) in one float32 buffer for each thread; half types in float32 vectors.
    """
    if layout.values_per_channel == 0:
        return (Cause.NO_VALUES,) * layout.num_features
    state = np.finfo(np.float64 if dtype == "float64" else np.float32)
    one_after_the_other = layout.is_channels_last or layout.num_positions == 1 or dtype in HALF_TYPES
    nothing = np.zeros_like(distances.output)
    var = nothing if moments is None else moments.unbiased_var
    statistics = nothing if moments is None else np.maximum(distances.mean, distances.var)
    largest = np.maximum(statistics, distances.output)
    tests = {
        Cause.NONE: (distances.output <= _NEAREST) & (statistics <= _NEAREST),
        Cause.OVERFLOW: np.isinf(largest) | (var > state.max),
        Cause.UNDERFLOW: (var > 0) & (var < state.tiny),
        Cause.ACCUMULATION: (statistics > _ORDINARY) & (device == "cpu" and one_after_the_other),
        Cause.CANCELLATION: (largest > _ORDINARY) & (distances.condition > _ILL_CONDITIONED),
        Cause.DOUBLE_ROUNDING: (distances.output > _NEAREST) & (distances.output <= 1.0) & (dtype in HALF_TYPES),
    }
    found = np.full(len(largest), Cause.ROUNDING, object)
    for cause, applies in reversed(tests.items()):
        found[applies] = cause
    return tuple(found)

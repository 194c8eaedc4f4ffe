"""How far bncli's normalization of one channel is from exact arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from bncli.core.block_transform import BlockTransform
from bncli.core.channel_layout import ChannelLayout
from bncli.core.normalization import BatchNorm
from bncli.core.running_statistics import RunningStatistics
from tests.helpers.batch_moments import moments_of_batch
from tests.helpers.exact_normalization import exact_mean_and_var, exact_output, units_in_the_last_place

if TYPE_CHECKING:
    from tests.helpers.adversarial import Values

_MOST_OUTPUTS = 600


@dataclass(frozen=True)
class Layer:
    """Settings of a layer of one channel; running statistics in eval mode only."""

    eps: float = 1e-5
    weight: float = 1.0
    bias: float = 0.0
    running: tuple[float, float] | None = None


@dataclass(frozen=True)
class Accuracy:
    """Errors on one channel."""

    var: float
    """Relative error of the variance; infinite where a constant channel has one."""
    mean: float
    """Error of the mean, over the mean absolute value."""
    output: float
    """Largest error of the output: in its own units in the last place, of float64 in those of max(|y|, 1)."""
    exact: Any
    """The exact output of the values in `chosen`."""
    chosen: Any


def measured_accuracy(values: Values, dtype: str, layer: Layer, rng: np.random.Generator) -> Accuracy:
    """Normalize one channel in train mode, or in eval mode where running statistics are given, and compare."""
    x = values.reshape(1, 1, -1)
    moments = moments_of_batch(x)
    mean, var = exact_mean_and_var(values)
    used_mean, used_var = (mean, var) if layer.running is None else map(Fraction, layer.running)
    chosen = np.arange(len(values)) if len(values) <= _MOST_OUTPUTS else rng.integers(0, len(values), _MOST_OUTPUTS)
    exact = exact_output(values[chosen], used_mean, used_var, layer.eps, layer.weight, layer.bias)
    y = _normalized(x, moments, dtype, layer)[chosen].astype(np.longdouble)
    unit = units_in_the_last_place(exact, dtype, smallest=1.0 if dtype == "float64" else 0.0)
    # A bias that cancels leaves the error of the parts, which no number of the output's type could show.
    slack = np.ldexp(np.abs(exact - layer.bias) + abs(layer.bias), -50) if layer.bias else 0.0
    error = np.maximum(np.abs(y - exact) - slack, 0) / unit
    return Accuracy(
        var=_relative_var_error(moments, var),
        mean=_mean_error(moments, mean, values),
        output=float(np.where(np.isinf(y) & _overflows(exact, dtype), 0.0, error).max()),
        exact=exact,
        chosen=chosen,
    )


def _normalized(x: Any, moments: Any, dtype: str, layer: Layer) -> Any:
    running = None
    if layer.running is not None:
        running = RunningStatistics(*(np.array([value]) for value in layer.running), 1)
    batch_norm = BatchNorm(1, layer.eps, weight=np.array([layer.weight]), bias=np.array([layer.bias]), running=running)
    layout = ChannelLayout.of(x.shape)
    transform = BlockTransform(layout, batch_norm.normalization("eval", moments), dtype)
    (block,) = layout.blocks(x.size)
    return transform.apply(block, x.reshape(-1))


def _relative_var_error(moments: Any, var: Fraction) -> float:
    exponent = 0 if moments.exponent is None else int(moments.exponent[0])
    seen = Fraction(float(moments.m2[0])) * Fraction(4) ** exponent / moments.count
    if var == 0:
        return 0.0 if seen == 0 else float("inf")
    return float(abs(seen - var) / var)


def _mean_error(moments: Any, mean: Fraction, values: Values) -> float:
    magnitude = exact_mean_and_var(np.abs(values))[0]
    # Means of units are stored as float64, whose values lie 2^-1074 apart near 0.
    error = max(abs(Fraction(float(moments.mean[0])) - mean) - Fraction(1, 2**1074), Fraction(0))
    return float(error / magnitude) if magnitude else 0.0


def _overflows(exact: Any, dtype: str) -> Any:
    limit = {"float16": 65504.0, "bfloat16": 3.3895e38, "float32": 3.4028e38, "float64": 1.7976e308}[dtype]
    return np.abs(exact) > limit

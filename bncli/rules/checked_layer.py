"""A layer as rules see it: the quantities that several of them need, each computed once and only if asked for."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from bncli.analysis.dead_variance import is_dead
from bncli.analysis.initial_statistics import has_initial_statistics
from bncli.core.median import median
from bncli.core.rounding import round_to
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bncli.core.batch_norm_layer import BatchNormLayer

    FloatArray = NDArray[np.float64]
    Mask = NDArray[np.bool_]

NUM_DEVIATIONS = 3.0
"""Outputs of a channel lie within so many |weight| of its bias: 99.7 % of them, if they are Gaussian."""
MOST_SILENT_OUTPUT = 0.01
"""Outputs up to it are nothing beside those of ordinary layers, which are of the order of 1."""
NUM_PROBE_UPDATES = 5
"""So many updates at most are no training: tools that probe a new model's strides run it once or a few times."""


@dataclass(frozen=True, eq=False)
class CheckedLayer:
    """One layer with derived quantities; all arrays have shape (C,) and are float64 or masks."""

    layer: BatchNormLayer

    @property
    def name(self) -> str:
        """Stored name of the layer."""
        return self.layer.name

    @property
    def num_features(self) -> int:
        """Number of channels C."""
        return self.layer.num_features

    @property
    def eps(self) -> float:
        """The constant under the root, wherever it comes from."""
        return self.layer.eps.value

    @cached_property
    def mean(self) -> FloatArray:
        """Running mean."""
        return self.layer.running_mean.astype(np.float64)

    @cached_property
    def var(self) -> FloatArray:
        """Running variance."""
        return self.layer.running_var.astype(np.float64)

    @cached_property
    def weight(self) -> FloatArray:
        """Learned scale; ones without affine parameters."""
        return np.ones(self.num_features) if self.layer.weight is None else self.layer.weight.astype(np.float64)

    @cached_property
    def bias(self) -> FloatArray:
        """Learned shift; zeros without affine parameters."""
        return np.zeros(self.num_features) if self.layer.bias is None else self.layer.bias.astype(np.float64)

    @cached_property
    def is_finite(self) -> Mask:
        """Channels whose four numbers all are finite."""
        return np.isfinite(self.mean) & np.isfinite(self.var) & np.isfinite(self.weight) & np.isfinite(self.bias)

    @cached_property
    def is_sound(self) -> Mask:
        """Channels that are finite and whose variance is one: what is wrong with the others has its own rules."""
        return self.is_finite & (self.var >= 0)

    @cached_property
    def is_dead(self) -> Mask:
        """Sound channels that nothing reaches any more: their variance only decays."""
        return self.is_sound & is_dead(self.layer)

    @cached_property
    def is_live(self) -> Mask:
        """Sound channels that something reaches."""
        return self.is_sound & ~self.is_dead

    @cached_property
    def root(self) -> FloatArray:
        """What the layer divides by, `sqrt(running_var + eps)`; NaN for a negative radicand."""
        with np.errstate(invalid="ignore"):
            return np.sqrt(self.var + self.eps)

    @cached_property
    def gain(self) -> FloatArray:
        """What the layer multiplies a channel by in eval mode, `|weight| / sqrt(running_var + eps)`."""
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            return np.abs(self.weight) / self.root

    @cached_property
    def relative_gain(self) -> FloatArray:
        """Gain over the median gain of the sound channels; NaN where that is 0 or no channel is sound."""
        gains = self.gain[self.is_sound]
        typical = median(gains) if gains.size else 0.0
        return self.gain / typical if typical > 0 else np.full(self.num_features, np.nan)

    @cached_property
    def is_initial(self) -> Mask:
        """Channels with the statistics of a new layer: mean 0 and variance 1, or 1 - eps as frozen layers store it."""
        is_frozen: Mask = (self.mean == 0) & (self.var == self._one_less_eps)
        return has_initial_statistics(self.layer) | is_frozen

    @cached_property
    def distance_from_initial(self) -> float:
        """The furthest that any mean lies from 0, or any variance from 1; 0 without channels, NaN with a broken one."""
        return float(np.maximum(np.abs(self.mean), np.abs(self.var - 1)).max(initial=0.0))

    @cached_property
    def is_zero(self) -> bool:
        """Whether all statistics are exactly 0, as in memory that nothing was written to."""
        return self.num_features > 0 and not (self.mean.any() or self.var.any())

    @cached_property
    def is_frozen_var(self) -> bool:
        """Whether every variance is 1 - eps, so that the layer divides by exactly 1."""
        return self.num_features > 0 and bool((self.var == self._one_less_eps).all())

    @property
    def _one_less_eps(self) -> float:
        """1 - eps in the precision of the file."""
        return float(self.in_stored_precision(1 - self.eps)[0])

    def in_stored_precision(self, *values: float) -> FloatArray:
        """Return numbers as the file would hold them among its running variances."""
        held = str(self.layer.running_var.dtype)
        dtype = "bfloat16" if self.layer.dtype == "bfloat16" else held  # NumPy lacks it and holds it in a wider type
        return round_to(np.array(values), dtype).astype(np.float64)

    @cached_property
    def has_initial_affine(self) -> bool:
        """Whether scale and shift are still those of a new layer, or there are none; a scale of 0 is an initial one."""
        return bool((self.bias == 0).all() and ((self.weight == 1).all() or (self.weight == 0).all()))

    @cached_property
    def is_silent(self) -> bool:
        """Whether practically nothing leaves it: so does the last layer of a residual branch begin, at weight 0."""
        return bool((np.abs(self.bias) + NUM_DEVIATIONS * np.abs(self.weight) < MOST_SILENT_OUTPUT).all())

    @cached_property
    def is_barely_touched(self) -> bool:
        """Whether a new model was at most probed: affine parameters as initialized, and next to no updates."""
        counter = self.layer.num_batches_tracked
        is_affine = self.layer.weight is not None
        return is_affine and self.has_initial_affine and counter is not None and counter <= NUM_PROBE_UPDATES

    @property
    def momentum_words(self) -> str:
        """The momentum with its source where it is not the file's own: `momentum 0.1 (assumed)`."""
        setting = self.layer.momentum
        value = "a cumulative average" if setting.value is None else f"momentum {setting.value:g}"
        return value if setting.source == "stored" else f"{value} ({setting.source})"

    @property
    def eps_words(self) -> str:
        """The eps with its source where it is not the file's own: `eps 1e-05 (assumed)`."""
        setting = self.layer.eps
        return f"eps {setting.value:g}" + ("" if setting.source == "stored" else f" ({setting.source})")


def worst_first(is_hit: Mask, badness: FloatArray) -> tuple[int, ...]:
    """Return the channels of a mask, those with the largest `badness` first."""
    hits = np.flatnonzero(is_hit)
    order = np.argsort(-badness[hits], kind="stable")
    return tuple(hits[order].tolist())

"""The forward transform of batch normalization in train and eval mode, and what it does to the running statistics."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from bncli.core.coefficients import Coefficients
from bncli.core.moments import Moments
from bncli.core.rounding import round_to
from bncli.core.running_statistics import RunningStatistics, check_start, counted, update_repeatedly
from bncli.core.setting_limits import check_eps, check_momentum
from bncli.errors import InvalidUsage, ShapeMismatch
from bncli.light_dataclass import dataclass
from bncli.wording import count

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bncli.core.channel_layout import ChannelLayout
    from bncli.core.value_range import ValueRange

    FloatArray = NDArray[np.float64]

Mode = Literal["train", "eval"]

_TINY_SCALE = 2.0**-64


@dataclass(frozen=True, slots=True, eq=False)
class BatchNorm:
    """A batch-normalization layer at work, with `torch.nn.BatchNorm2d`'s meaning of every setting.

    Raises:
        InvalidUsage: eps is negative or not finite, momentum is not a number from 0 to 1, or a cumulative average has a
            counter of updates that counts nothing.
    """

    num_features: int
    """Number of channels C."""
    eps: float = 1e-5
    momentum: float | None = 0.1
    """Weight of the new batch; `None` is the cumulative average."""
    weight: FloatArray | None = None
    """Learned scale, shape (C,); `None` is 1."""
    bias: FloatArray | None = None
    """Learned shift, shape (C,); `None` is 0."""
    running: RunningStatistics | None = None
    """Running statistics; `None` where the layer does not track them."""

    def __post_init__(self) -> None:
        check_eps(self.eps)
        check_momentum(self.momentum)
        if self.running is not None:
            check_start(self.running, self.momentum)
        for role, values in self._arrays():
            if values is not None and values.shape != (self.num_features,):
                raise ShapeMismatch(
                    f"{role} has shape {list(values.shape)}, the layer has {count(self.num_features, 'channel')}"
                )

    def _arrays(self) -> tuple[tuple[str, FloatArray | None], ...]:
        running = self.running
        return (
            ("weight", self.weight),
            ("bias", self.bias),
            ("running_mean", None if running is None else running.mean),
            ("running_var", None if running is None else running.var),
        )

    def trained_on(self, batch: Moments, steps: int = 1) -> BatchNorm:
        """Return the layer after `steps` training steps on a batch with these moments.

        The running variance takes the batch's unbiased variance (ddof 1). An empty batch moves only the counter.
        A layer that does not track is returned as it is.
        """
        if self.running is None:
            return self
        if batch.count:
            running = update_repeatedly(self.running, batch.mean, batch.unbiased_var, self.momentum, steps)
        else:
            running = counted(self.running, steps)
        return replace(self, running=running)

    def normalization(self, mode: Mode, batch: Moments) -> Normalization:
        """Return the transform of this mode: by the batch's statistics in train mode or without running ones.

        Raises:
            InvalidUsage: eps is 0 in train mode.
        """
        if mode == "train":
            self.check_training()
        if mode == "eval" and self.running is not None:
            mean, mean_error, var = self.running.mean, np.zeros(self.num_features), self.running.var
        else:
            mean, mean_error, var = batch.mean, batch.mean_error, batch.biased_var
        with np.errstate(invalid="ignore", over="ignore"):
            std = np.sqrt(var + self.eps)
            if mode == "train" or self.running is None:
                # Beyond float64 the variance is too large for eps to count, and its root is known.
                std = np.where(batch.is_var_beyond_float64, batch.biased_std, std)
        return Normalization(mean, mean_error, var, std, self.eps, self.weight, self.bias)

    def check_training(self) -> None:
        """Refuse a layer that takes no training step.

        Raises:
            InvalidUsage: eps is 0.
        """
        if self.eps == 0:
            raise InvalidUsage("eps is 0: training divides by sqrt(var + eps) and needs eps above 0")


@dataclass(frozen=True, slots=True, eq=False)
class Normalization:
    """The transform `y = (x - mean) / std * weight + bias`, per channel; arrays of shape (C,)."""

    mean: FloatArray
    mean_error: FloatArray
    """What rounding took from `mean`."""
    var: FloatArray
    """Variance divided by; ddof 0 where it is the batch's."""
    std: FloatArray
    """`sqrt(var + eps)`, finite also where `var` is beyond float64."""
    eps: float
    weight: FloatArray | None
    bias: FloatArray | None

    @property
    def scale(self) -> FloatArray:
        """The slope of the transform, `weight / std`; NaN where `var + eps` is negative, infinite where it is 0."""
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            return (1.0 if self.weight is None else self.weight) / self.std

    def coefficients(self) -> Coefficients:
        """Return the transform as the operations that are applied to values."""
        scale = self.scale
        bias = np.zeros_like(scale) if self.bias is None else self.bias
        with np.errstate(invalid="ignore", over="ignore", under="ignore"):
            # Values so large that x - mean could overflow are first made smaller, which is exact.
            shrink = np.where(np.abs(scale) < _TINY_SCALE, 0.25, 1.0)
            # Where nothing was taken nothing comes back: an infinite scale would make NaN of it.
            correction = np.where(self.mean_error == 0, 0.0, self.mean_error * scale)
            # Where var + eps is 0, torch's x * scale + shift decides what comes out: NaN, or infinity.
            is_division_by_zero = self.std == 0
            mean = np.where(is_division_by_zero, 0.0, self.mean * shrink)
            shift = np.where(is_division_by_zero, bias - self.mean * scale, bias - correction)
            return Coefficients(shrink, mean, scale / shrink, shift)

    def image_of_moments(self, batch: Moments) -> Moments:
        """Return the moments of the output before its rounding, which follow from those of the input.

        `mean_y = (mean_x - mean) * scale + bias` and `std_y = std_x * |scale|`; NaN where that divides by 0, and no
        variance where there is no finite mean.
        """
        bias = 0.0 if self.bias is None else self.bias
        with np.errstate(invalid="ignore", over="ignore", under="ignore"):
            offset = (batch.mean - self.mean) + (batch.mean_error - self.mean_error)
            mean = np.where(self.std == 0, np.nan, offset * self.scale + bias)
            spread = np.where(np.isfinite(mean), batch.biased_std * self.scale, np.nan)
            return Moments(batch.count, mean, np.zeros_like(offset), batch.count * spread**2)

    def image_of_range(self, extremes: ValueRange, dtype: str) -> tuple[FloatArray, FloatArray]:
        """Return the smallest and the largest output, rounded to `dtype`, for the extremes of finite input.

        Every step of the transform is monotonic, its rounding included: extremes of the output are images of extremes.
        """
        ends = np.stack([extremes.minimum, extremes.maximum])
        self.coefficients().apply_to(ends)
        rounded = round_to(ends, dtype).astype(np.float64)
        return rounded.min(axis=0), rounded.max(axis=0)


def check_training_batch(layout: ChannelLayout, source: str) -> None:
    """Refuse a batch on which no layer can be trained, as PyTorch does.

    Args:
        layout: shape and channel axis of the batch.
        source: the batch in words, for the message.

    Raises:
        ShapeMismatch: it has one value per channel.
    """
    if layout.values_per_channel == 1:
        raise ShapeMismatch(
            f"{source}: expected more than 1 value per channel when training: the variance of one value does not exist",
            hint="use a batch of two or more samples, or --mode eval without --compare",
        )


def check_input(layout: ChannelLayout, num_features: int, source: str) -> None:
    """Refuse an input whose channels are not the layer's.

    Args:
        layout: shape and channel axis of the input.
        num_features: channels C of the layer.
        source: the input in words, for the message.

    Raises:
        ShapeMismatch: the input has other than C channels.
    """
    if layout.num_features == num_features:
        return
    hint = None
    if layout.shape[-1] == num_features:
        hint = "the last axis has as many: give --channel-axis -1 if the channels are last"
    raise ShapeMismatch(
        f"{source} has shape {list(layout.shape)}, so {count(layout.num_features, 'channel')} on axis "
        f"{layout.channel_axis}; the layer has {num_features}",
        hint=hint,
    )

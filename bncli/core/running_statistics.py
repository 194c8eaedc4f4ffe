"""The running statistics of a layer, and how one batch updates them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from bncli.errors import InvalidUsage
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MOST_UPDATES = 1 << 63
"""What a counter of 64 bits holds."""


@dataclass(frozen=True, slots=True, eq=False)
class RunningStatistics:
    """What a layer remembers of the batches that it has seen; arrays of shape (C,) in float64."""

    mean: NDArray[np.float64]
    var: NDArray[np.float64]
    """Running variance, with the ddof of the batch variances that it was fed: 1 in PyTorch, 0 in Keras and Flax."""
    num_batches_tracked: int | float | None
    """Number of updates; `None` where the layer does not count them, a float where an averaging tool made it one."""

    @property
    def is_counted(self) -> bool:
        """Whether the counter is one: neither missing nor negative, not a number, or beyond 64 bits."""
        return self.num_batches_tracked is not None and 0 <= self.num_batches_tracked < _MOST_UPDATES

    @property
    def num_seen(self) -> int | float:
        """Updates that a cumulative average goes on from; 0 where there is no counter, or none that is a count."""
        return self.num_batches_tracked or 0 if self.is_counted else 0


def fresh(num_features: int) -> RunningStatistics:
    """Return the statistics of a layer that has seen no batch: mean 0, variance 1, as every framework starts them."""
    return RunningStatistics(np.zeros(num_features), np.ones(num_features), 0)


def check_start(running: RunningStatistics, momentum: float | None) -> None:
    """Refuse statistics from which a running average cannot go on: a cumulative one divides by its counter.

    Raises:
        InvalidUsage: the momentum is `None`, and there is a counter that counts nothing.
    """
    counter = running.num_batches_tracked
    if momentum is None and counter is not None and not running.is_counted:
        raise InvalidUsage(
            f"num_batches_tracked is {counter}: a cumulative average needs the number of batches that it averages",
            hint="--momentum 0.1 needs no counter",
        )


def update(
    running: RunningStatistics,
    batch_mean: NDArray[np.float64],
    batch_var: NDArray[np.float64],
    momentum: float | None,
) -> RunningStatistics:
    """Return the running statistics after one more batch.

    `r <- r + m * (x - r)` for the mean and for the variance.

    Args:
        running: the statistics before; left as they are.
        batch_mean: shape (C,), float64.
        batch_var: shape (C,), float64; ddof as the framework stores it, which is 1 in PyTorch.
        momentum: weight m of the new batch. `None` is the cumulative average: m = 1 / T, where T counts this batch
            too; without a counter m is then 0, and nothing moves. `check_start` tells where there is no such T.

    Returns:
        New statistics; the counter is one higher, or still `None`.

    References:
        `torch/nn/modules/batchnorm.py`, `_BatchNorm.forward`.
    """
    after = counted(running, 1)
    if momentum is None:
        momentum = 0.0 if after.num_batches_tracked is None else 1.0 / after.num_batches_tracked
    return replace(
        after,
        mean=step_towards(running.mean, batch_mean, momentum),
        var=step_towards(running.var, batch_var, momentum),
    )


def update_repeatedly(
    running: RunningStatistics,
    batch_mean: NDArray[np.float64],
    batch_var: NDArray[np.float64],
    momentum: float | None,
    steps: int,
) -> RunningStatistics:
    """Return the running statistics after `steps` updates with the same batch, to the bits of so many calls."""
    for step in range(1, steps + 1):
        updated = update(running, batch_mean, batch_var, momentum)
        if _agree(updated, running):
            # What an update leaves as it is, all later ones leave so too: their momentum is the same, or smaller.
            return counted(updated, steps - step)
        running = updated
    return running


def counted(running: RunningStatistics, num_batches: int) -> RunningStatistics:
    """Return the same statistics with so many batches more on the counter, if there is one."""
    tracked = running.num_batches_tracked
    return running if tracked is None else replace(running, num_batches_tracked=tracked + num_batches)


def _agree(a: RunningStatistics, b: RunningStatistics) -> bool:
    return np.array_equal(a.mean, b.mean, equal_nan=True) and np.array_equal(a.var, b.var, equal_nan=True)


def step_towards(value: NDArray[np.float64], target: NDArray[np.float64], momentum: float) -> NDArray[np.float64]:
    """Return `value + momentum * (target - value)`: exactly `value` at momentum 0 and exactly `target` at 1."""
    with np.errstate(invalid="ignore", over="ignore"):
        # The weights 1 - m and m need not sum to 1 in floating point, which biases a million small steps;
        # a step along the difference cannot drift. It starts at the nearer end, so that both ends are exact.
        if momentum <= 1.0 - momentum:
            stepped = value + momentum * (target - value)
        else:
            stepped = target - (1.0 - momentum) * (target - value)
        # An infinite running value would become NaN along the difference; in the frameworks it stays infinite.
        weighted = (1.0 - momentum) * value + momentum * target
    return np.where(np.isfinite(stepped), stepped, weighted)

"""What a recording holds of one layer: the statistics of every batch that passed through it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from bncli.core.batch_statistics import BatchStatistics
from bncli.core.effective_count import effective_count
from bncli.core.moments import merge_rows
from bncli.core.two_pass import RowMoments
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bncli.core.moments import Moments
    from bncli.core.running_statistics import RunningStatistics

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class BatchRows:
    """T passes of a batch through a layer of C channels, in the order in which they happened."""

    step: IntArray
    """Shape (T,): the forward pass of the model that each belongs to, counted from 0; a layer that a model uses twice
    has two rows of one step."""
    num_values: IntArray
    """Shape (T,): values per channel."""
    num_samples: IntArray
    """Shape (T,): samples in the batch."""
    is_training: NDArray[np.bool_]
    """Shape (T,): whether the layer was in train mode, and so may have updated its running statistics."""
    mean: FloatArray
    """Shape (T, C)."""
    mean_error: NDArray[np.float32]
    """Shape (T, C): what rounding took from `mean`."""
    biased_var: FloatArray
    """Shape (T, C), ddof 0."""
    sample_mean_var: NDArray[np.float32]
    """Shape (T, C): variance with ddof 0 of the means of the batch's samples over their positions."""

    def __len__(self) -> int:
        """Number of passes T."""
        return len(self.step)

    @property
    def num_features(self) -> int:
        """Number of channels C."""
        return int(self.mean.shape[1])

    @property
    def is_finite(self) -> NDArray[np.bool_]:
        """Which channels of which passes had neither NaN nor infinity in them, shape (T, C)."""
        return np.isfinite(self.mean) & np.isfinite(self.biased_var)

    def chosen(self, index: NDArray[np.intp]) -> BatchRows:
        """Return the passes at these positions, in this order."""
        return BatchRows(
            self.step[index],
            self.num_values[index],
            self.num_samples[index],
            self.is_training[index],
            self.mean[index],
            self.mean_error[index],
            self.biased_var[index],
            self.sample_mean_var[index],
        )

    def effective_count(self) -> FloatArray:
        """Return how many independent values each batch's mean is worth, shape (T, C); NaN where nothing tells."""
        values = self.num_values[:, None].astype(np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            unbiased_var = self.biased_var * values / (values - 1)
        return effective_count(unbiased_var, self.sample_mean_var, self.num_samples[:, None], values)


@dataclass(frozen=True, eq=False)
class RecordedLayer:
    """One batch-normalization layer over a recording."""

    name: str
    """Path of the module in the model, as in its state dict; wrappers such as DistributedDataParallel are left out."""
    class_name: str
    """Class of the module, such as `BatchNorm2d`."""
    num_features: int
    """Number of channels C."""
    eps: float
    momentum: float | None
    """Weight of the new batch; `None` is the cumulative average."""
    num_recomputed: int
    """Passes that only repeated one for the backward pass, as under activation checkpointing: each updated the running
    statistics once more, and none has a row."""
    start: RunningStatistics | None
    """Running statistics before the first step; `None` where the layer tracks none."""
    end: RunningStatistics | None
    """Running statistics after the last step; `None` also where the recording was cut off."""
    rows: BatchRows

    @cached_property
    def pooled(self) -> Moments:
        """Moments of all values of all batches together: variance within batches plus variance between them.

        Every sum is rounded once, so the result depends neither on the order of the batches nor on who saw which.
        """
        return pooled([self.rows])

    @cached_property
    def training_rows(self) -> BatchRows:
        """The passes of train mode: of a training loop, validation updates nothing. All, where there are no such.

        A model that was recorded in eval mode alone was recorded for its batches' sake.
        """
        is_training = self.rows.is_training
        return self.rows.chosen(np.flatnonzero(is_training)) if 0 < is_training.sum() < len(is_training) else self.rows

    @property
    def num_left_out(self) -> int:
        """Passes of eval mode that stand beside those of train mode, and are no part of `training_rows`."""
        return len(self.rows) - len(self.training_rows)

    def led_to(self, counter: float | None) -> bool:
        """Return whether the passes are the last updates of a layer that counts so many: its training, most likely.

        A recording of a finished checkpoint begins at the checkpoint's counter; one that ends at it was made before.
        """
        if self.start is None or self.end is None or counter is None:
            return False
        first, last = self.start.num_batches_tracked, self.end.num_batches_tracked
        return first is not None and last is not None and first < last == counter

    def batch_statistics(self) -> BatchStatistics:
        """Return the `training_rows` of at least two values per channel as running averages see them."""
        rows = self.training_rows
        rows = rows.chosen(np.flatnonzero(rows.num_values > 1))
        count = rows.num_values
        return BatchStatistics(count, rows.mean, rows.biased_var * (count / (count - 1))[:, None])


def pooled(parts: Sequence[BatchRows]) -> Moments:
    """Return the moments of all values of all batches of one layer, which several recordings may hold."""
    counts = np.concatenate([rows.num_values for rows in parts])
    mean, error, var = (
        np.concatenate([getattr(rows, name) for rows in parts]) for name in ("mean", "mean_error", "biased_var")
    )
    exponent = np.zeros(mean.shape, np.int64)
    return merge_rows(counts, RowMoments(mean, error.astype(np.float64), var * counts[:, None], exponent))

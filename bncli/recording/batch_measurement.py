"""What is kept of one batch until it is written: plain sums, which cost the model least, or finished statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bncli.core.one_pass import one_pass
from bncli.core.two_pass import sum_of_three
from bncli.light_dataclass import dataclass
from bncli.recording.sample_sums import SampleSums, sample_sums
from bncli.recording.tensor_moments import by_sample, tensor_moments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class SummedBatch:
    """A batch on the CPU, of which the statistics are still to be computed."""

    sums: SampleSums
    channels: NDArray[np.int64]
    """Channels in which sums do not tell enough."""
    exact: Tensor | None
    """Statistics of these channels, shape (4, K); `None` where there are none."""


def measure(x: Tensor) -> Tensor | SummedBatch:
    """Return what there is to know of a batch (N, C, ...): statistics (4, C) in the order of `ROW_FIELDS`, or sums.

    Sums and sums of squares of values narrower than float64 are taken in one pass on the CPU; channels in which those
    cancel are read again, and so are float64 values, and everything on other devices, which have time for it.
    """
    import torch  # noqa: PLC0415

    rows = by_sample(x)
    if x.device.type != "cpu" or x.dtype == torch.float64:
        return _statistics(rows)
    sums, is_certified = sample_sums(rows)
    rest = np.flatnonzero(~is_certified)
    return SummedBatch(sums, rest, _statistics(rows[:, torch.from_numpy(rest)]) if rest.size else None)


def _statistics(rows: Tensor) -> Tensor:
    import torch  # noqa: PLC0415

    moments = tensor_moments(rows)
    count = rows.shape[0] * rows.shape[2]
    return torch.stack((moments.mean, moments.m2 / count, moments.mean_error, moments.sample_mean_var))


def finished(batches: Sequence[SummedBatch]) -> list[FloatArray]:
    """Return the statistics of each batch, shape (4, C); all channels of all batches are computed at once."""
    if not batches:
        return []
    widths = [len(each.sums.totals) for each in batches]
    num_samples = np.repeat([len(each.sums.sums) for each in batches], widths)
    num_positions = np.repeat([each.sums.num_positions for each in batches], widths)
    count = num_samples * num_positions
    totals = np.concatenate([each.sums.totals for each in batches])
    squares = np.concatenate([each.sums.squares for each in batches])
    moments = one_pass(totals, squares, count)
    shift = np.concatenate([each.sums.shift.numpy() for each in batches])
    with np.errstate(invalid="ignore", over="ignore"):
        mean, mean_error = sum_of_three(shift, moments.mean, moments.mean_error)
    spread = np.concatenate([_mean_square_deviation(each.sums) for each in batches])
    table = np.stack((mean, moments.m2 / count, mean_error, spread))
    parts = np.split(table, np.cumsum(widths)[:-1], axis=1)
    for part, batch in zip(parts, batches, strict=True):
        if batch.exact is not None:
            part[:, batch.channels] = batch.exact.numpy()
    return parts


def _mean_square_deviation(batch: SampleSums) -> FloatArray:
    """Return the variance with ddof 0 of the samples' means."""
    deviations = batch.sums / batch.num_positions
    spread: FloatArray = deviations.sub_(deviations.mean(0)).square_().mean(0).numpy()
    return spread

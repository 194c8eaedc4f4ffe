"""Moments of each channel of a torch tensor, in float64, on the device where the tensor lies."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

CACHE_ELEMENTS = 1 << 20
"""Values widened to float64 at once on a CPU: 8 MiB, so that the passes over them run in the caches of the processor,
and torch's threads meet seldom."""
_DEVICE_ELEMENTS = 1 << 24
"""The same elsewhere: 128 MiB, which keeps the device busy and leaves the model its memory."""


class TensorMoments(NamedTuple):
    """Moments of N * S values per channel; float64 tensors of shape (C,)."""

    mean: Tensor
    mean_error: Tensor
    """What rounding took from `mean`."""
    m2: Tensor
    """Sum of squared deviations from the mean."""
    sample_mean_var: Tensor
    """Variance with ddof 0 of the N samples' means over their S positions: positions of one sample are correlated, so
    this, not the variance of the values, tells how sure the mean is."""


def tensor_moments(rows: Tensor) -> TensorMoments:
    """Return the moments of each channel over batch and space, by the corrected two-pass formula.

    Neither waits for the device nor copies the tensor as a whole.

    Args:
        rows: floating-point tensor of shape (N, C, S), not empty.

    Returns:
        As exact as `bncli.core.two_pass`: a channel with NaN or infinity has NaN moments, or an infinite mean.
    """
    import torch  # noqa: PLC0415

    num_samples, num_features, num_positions = rows.shape
    count = num_samples * num_positions
    # Taking off the first value makes a constant channel exactly constant.
    base = rows[0, :, 0].double()
    base = torch.where(torch.isfinite(base), base, 0.0)
    sums = rows.new_empty((num_samples, num_features), dtype=torch.float64)
    for chosen, wide in _chunks(rows):
        torch.sum(wide.sub_(base[:, None]), -1, out=sums[chosen])
    centre = sums.sum(0) / count
    squares = torch.empty_like(sums)
    for chosen, wide in _chunks(rows):
        deviations = wide.sub_(base[:, None]).sub_(centre[:, None])
        torch.sum(deviations, -1, out=sums[chosen])
        torch.sum(deviations.mul_(deviations), -1, out=squares[chosen])
    residue = sums.sum(0)
    m2 = (squares.sum(0) - residue * residue / count).clamp_min_(0.0)
    mean, mean_error = _sum_of_three(base, centre, residue / count)
    sample_means = (sums - residue / num_samples) / num_positions
    return TensorMoments(mean, mean_error, m2, sample_means.square_().mean(0))


def by_sample(x: Tensor) -> Tensor:
    """Return a batch (N, C, ...) as (N, C, S); of dense memory, in whatever order of the axes, a view."""
    if x.dim() == 2:  # noqa: PLR2004 - (N, C)
        return x[:, :, None]
    # Most are contiguous as a whole, which torch tells without making a view of one sample.
    if x.is_contiguous() or x[0, 0].is_contiguous() or x.stride(1) != 1:
        return x.flatten(2)
    return x.movedim(1, -1).flatten(1, -2).transpose(1, 2)


def _chunks(rows: Tensor) -> Iterator[tuple[slice, Tensor]]:
    """Yield samples of (N, C, S) as many at once as fit, widened to float64: always copies, free to be changed."""
    import torch  # noqa: PLC0415

    limit = CACHE_ELEMENTS if rows.device.type == "cpu" else _DEVICE_ELEMENTS
    step = max(1, limit // rows[0].numel())
    for first in range(0, len(rows), step):
        chosen = slice(first, first + step)
        yield chosen, rows[chosen].to(torch.float64, copy=True)


def _sum_of_three(a: Tensor, b: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """Return `a + b + c` as a rounded value and the error of that rounding, after Knuth's two-sum."""
    import torch  # noqa: PLC0415

    first = a + b
    part = first - a
    small = (a - (first - part)) + (b - part) + c
    total = first + small
    is_finite = torch.isfinite(total)
    # A non-finite value leaves NaN in its own residue; the plain sum still tells infinity from NaN.
    return torch.where(is_finite, total, first), torch.where(is_finite, small - (total - first), 0.0)

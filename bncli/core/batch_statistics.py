"""Batch statistics of a sequence of training steps: what running averages are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

Ddof = Literal[0, 1]
"""Divisor of a variance: N - ddof. PyTorch averages batch variances of ddof 1, Keras and Flax of ddof 0."""


@dataclass(frozen=True, slots=True, eq=False)
class BatchStatistics:
    """Mean and variance of each channel in each of T batches, one row per batch."""

    num_values: NDArray[np.int64]
    """Values per channel in each batch, shape (T,), at least 2."""
    mean: FloatArray
    """Shape (T, C)."""
    var: FloatArray
    """Shape (T, C), ddof 1."""

    def __len__(self) -> int:
        """Number of batches T."""
        return len(self.num_values)

    @property
    def num_features(self) -> int:
        """Number of channels C."""
        return int(self.mean.shape[1])

    @property
    def m2(self) -> FloatArray:
        """Sum of squared deviations from the batch's mean, shape (T, C)."""
        return self.var * (self.num_values - 1.0)[:, None]

    def var_with(self, ddof: Ddof) -> FloatArray:
        """Return the batch variances, shape (T, C), with the given ddof."""
        return self.var if ddof else self.m2 / self.num_values[:, None]

    def rows(self, index: NDArray[np.int64]) -> BatchStatistics:
        """Return the batches at these positions, in this order."""
        return BatchStatistics(self.num_values[index], self.mean[index], self.var[index])


@dataclass(frozen=True, slots=True, eq=False)
class Population:
    """What the batches are samples of, or what is taken for it; arrays of shape (C,)."""

    mean: FloatArray
    var: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class BatchNoise:
    """How far the statistics of single batches scatter; arrays of shape (C,)."""

    mean_var: FloatArray
    """Variance of one batch's mean over the batches."""
    var_var: FloatArray
    """Variance of one batch's variance over the batches."""


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """Where a population stands step by step, relative to the one that is reported; arrays of shape (T,)."""

    offset: FloatArray
    """Its mean, less the reported mean, in reported standard deviations."""
    scale: FloatArray
    """Its variance as a multiple of the reported variance."""


class BatchSource(Protocol):
    """Gives the batch statistics of a run, step after step."""

    @property
    def num_features(self) -> int:
        """Number of channels C."""
        ...

    @property
    def num_recorded(self) -> int:
        """Number of batches after which the first comes again; 0 where each is a new one, of finite values."""
        ...

    def population(self, ddof: Ddof) -> Population:
        """Return the population that the batches stand for; ddof matters where it is estimated from them."""
        ...

    def between_fraction(self) -> FloatArray:
        """Return the part of the population's variance that lies between batches, shape (C,).

        No average of batch variances sees it: the running variance tends to the rest.
        """
        ...

    def noise(self, ddof: Ddof) -> BatchNoise:
        """Return how far single batches scatter while the population stays."""
        ...

    def course(self, steps: NDArray[np.int64], num_steps: int) -> Course:
        """Return where the population stands in the given steps, counted from 0, of a run of `num_steps`."""
        ...

    def stream(self, lengths: Iterable[int], num_steps: int, first: int = 0) -> Iterator[BatchStatistics]:
        """Yield the batches of a run from the step `first` on, counted from 0, in blocks of the given lengths.

        The batches depend neither on how the run is cut into blocks nor on where the stream begins.
        """
        ...

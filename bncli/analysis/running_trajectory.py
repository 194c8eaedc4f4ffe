"""How the running statistics move over a run, for several momenta at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from bncli.core.momentum import residue, steps_to_residue
from bncli.core.running_average import running_average
from bncli.core.stored_buffers import as_stored, stored_buffers
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray

    from bncli.core.batch_statistics import BatchSource, BatchStatistics, Ddof
    from bncli.core.running_statistics import RunningStatistics
    from bncli.core.stored_buffers import BufferDtype

AverageDtype = Literal["float64", "float32", "bfloat16", "float16"]
"""Precision of the running statistics: `float64` is computed as exactly as it can be, the others as PyTorch rounds."""

KeptSteps = Literal["all", "sampled", "last"]

_BLOCK_ELEMENTS = 1 << 16
"""Batch statistics that are worked on at once: half a megabyte for the means, and as much for the variances."""
_NUM_SAMPLES = 256
"""Points of a trajectory that is only to be looked at."""
_NEGLIGIBLE = 2.0**-60
"""Weight of an old value that is nothing beside the rounding of a double."""


@dataclass(frozen=True, slots=True, eq=False)
class TrajectorySettings:
    """One run of training steps, to be averaged with several momenta."""

    momenta: tuple[float | None, ...]
    """M weights of the new batch; `None` is the cumulative average."""
    num_steps: int
    initial: RunningStatistics
    """Running statistics before the first step; the cumulative average goes on from their counter."""
    ddof: Ddof = 1
    """Of the batch variances that are averaged."""
    dtype: AverageDtype = "float64"
    """Anything but float64 needs a ddof of 1: it is PyTorch's rounding that is known."""
    kept_steps: KeptSteps = "sampled"
    """Which steps the trajectory holds: enough of them to draw it, all, or the last one alone."""


@dataclass(frozen=True, slots=True, eq=False)
class Changes:
    """Which steps moved a value, in a precision that can lose a step; arrays of shape (M, 2, C)."""

    counts: NDArray[np.int64]
    """How many steps moved it."""
    last_steps: NDArray[np.int64]
    """The last step that moved it, counted from 1; 0 for none."""


@dataclass(frozen=True, slots=True, eq=False)
class Trajectory:
    """Running statistics in the course of a run."""

    steps: NDArray[np.int64]
    """Numbers of the S steps that are kept, counted from 1; the last step is among them."""
    values: NDArray[np.floating[Any]]
    """Shape (S, M, 2, C): after each of these steps, for each momentum, mean and variance."""
    changes: Changes | None
    """`None` in float64, where every step is taken to change every value."""

    @property
    def mean(self) -> NDArray[np.floating[Any]]:
        """Running means, shape (S, M, C)."""
        return self.values[:, :, 0]

    @property
    def var(self) -> NDArray[np.floating[Any]]:
        """Running variances, shape (S, M, C)."""
        return self.values[:, :, 1]


@dataclass(frozen=True, slots=True)
class _Block:
    """Steps that are worked on at once."""

    length: int
    stride: int
    """Steps between values that are computed; divides the length."""
    is_kept: bool
    """Whether these values belong to the trajectory."""


def trajectory(
    source: BatchSource, settings: TrajectorySettings, advance: Callable[[int], None] = lambda _: None
) -> Trajectory:
    """Return the running statistics of a run over the batches of a source, in memory that the run does not fill.

    Where the last step is all that is kept of a run in float64, only the steps are taken that still weigh something.
    `advance` is told how many steps more are done.
    """
    first = _first_that_matters(source, settings)
    stride = _stride(settings, settings.num_steps - first)
    blocks = list(_blocks(settings.num_steps - first, stride, max(1, _BLOCK_ELEMENTS // source.num_features)))
    stream = source.stream([block.length for block in blocks], settings.num_steps, first)
    advance(first)
    batches = _told(zip(stream, blocks, strict=True), advance)
    steps = np.append(np.arange(first + stride, settings.num_steps, stride), settings.num_steps)
    start = np.stack([settings.initial.mean, settings.initial.var])
    if settings.dtype == "float64":
        starts = [residue(momentum or 0.0, first) * start.ravel() for momentum in settings.momenta]
        values = np.empty((len(steps), len(starts), 2 * source.num_features))
        _exact(batches, starts, settings, out=values)
        return Trajectory(steps, values.reshape(*values.shape[:2], *start.shape), changes=None)
    return Trajectory(steps, *_rounded(batches, start, settings, settings.dtype))


def _told(
    batches: Iterable[tuple[BatchStatistics, _Block]], advance: Callable[[int], None]
) -> Iterator[tuple[BatchStatistics, _Block]]:
    for statistics, block in batches:
        yield statistics, block
        advance(block.length)


def _first_that_matters(source: BatchSource, settings: TrajectorySettings) -> int:
    """Return the number of steps that may be skipped.

    Of recorded batches the whole recording is taken once more than the weights ask for: no value among them, however
    large or broken, is then missed, for its later copies weigh more.
    """
    if settings.dtype != "float64" or settings.kept_steps != "last":
        return 0
    taken = 1
    for momentum in settings.momenta:
        lasting = None if momentum is None else steps_to_residue(momentum, _NEGLIGIBLE)
        if lasting is None:
            return 0
        taken = max(taken, lasting + source.num_recorded)
    return max(0, settings.num_steps - taken)


def _stride(settings: TrajectorySettings, num_steps: int) -> int:
    """Return the number of steps between those that are kept."""
    match settings.kept_steps:
        case "all":
            return 1
        case "sampled":
            return -(-num_steps // _NUM_SAMPLES)
        case "last":
            return num_steps


def _blocks(num_steps: int, stride: int, most_rows: int) -> Iterator[_Block]:
    """Cut a run into blocks: of whole strides, or of pieces of a stride that is longer than a block may be."""
    strides_at_once = max(1, most_rows // stride)
    whole = num_steps - num_steps % stride
    for start in range(0, whole, strides_at_once * stride):
        yield from _cut(min(strides_at_once * stride, whole - start), stride, most_rows)
    yield from _cut(num_steps - whole, num_steps - whole, most_rows)


def _cut(length: int, stride: int, most_rows: int) -> Iterator[_Block]:
    if stride <= most_rows and length:
        yield _Block(length, stride, is_kept=True)
        return
    for start in range(0, length, most_rows):
        rows = min(most_rows, length - start)
        yield _Block(rows, rows, is_kept=start + rows == length)


def _exact(
    batches: Iterable[tuple[BatchStatistics, _Block]],
    values: list[NDArray[np.float64]],
    settings: TrajectorySettings,
    out: NDArray[np.float64],
) -> None:
    """Write the values of the trajectory that follow the first ones: for each momentum means, then variances."""
    num_kept, num_seen = 0, settings.initial.num_seen
    for statistics, block in batches:
        stacked = np.concatenate([statistics.mean, statistics.var_with(settings.ddof)], axis=1)
        stop = num_kept + block.length // block.stride
        for index, momentum in enumerate(settings.momenta):
            averages = running_average(values[index], stacked, momentum, block.stride, num_seen)
            values[index] = averages[-1]
            if block.is_kept:
                out[num_kept:stop, index] = averages
        num_seen += block.length
        num_kept = stop if block.is_kept else num_kept


def _rounded(
    batches: Iterable[tuple[BatchStatistics, _Block]],
    start: NDArray[np.float64],
    settings: TrajectorySettings,
    dtype: BufferDtype,
) -> tuple[NDArray[np.float32], Changes]:
    """Return the values of the trajectory, and which steps changed them."""
    value = np.repeat(as_stored(start, dtype)[None], len(settings.momenta), axis=0)
    counts, last_steps = np.zeros(value.shape, np.int64), np.zeros(value.shape, np.int64)
    kept, num_done = [], 0
    for statistics, block in batches:
        values = stored_buffers(value, statistics, settings.momenta, dtype, settings.initial.num_seen + num_done)
        is_moved = values != np.concatenate([value[None], values[:-1]])
        numbers = np.arange(num_done + 1, num_done + block.length + 1)[:, None, None, None]
        counts += is_moved.sum(axis=0)
        last_steps = np.maximum(last_steps, (is_moved * numbers).max(axis=0))
        value = values[-1]
        num_done += block.length
        if block.is_kept:
            kept.append(values[block.stride - 1 :: block.stride])
    return np.concatenate(kept), Changes(counts, last_steps)

"""From files to the batches that `simulate-momentum` feeds."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bncli.analysis.batch_measurement import measure_batches, one_after_another
from bncli.analysis.input_tensor import measured_tensor
from bncli.cli.progress import ByteProgress
from bncli.core.recorded_batches import RecordedBatches
from bncli.formats.detection import open_named_arrays
from bncli.reports.reported_simulation import BatchOrigin

if TYPE_CHECKING:
    from pathlib import Path

    from bncli.cli.batch_options import BatchOptions
    from bncli.core.batch_statistics import BatchStatistics


def measured_batches(options: BatchOptions) -> tuple[RecordedBatches, BatchOrigin]:
    """Return the batches of all files in a row, and where they come from.

    Raises:
        BncliError: a file cannot be read, or holds no batches of one layer.
    """
    num_bytes = sum(path.stat().st_size for path in options.paths if path.is_file())
    with ByteProgress("measuring batches", num_bytes) as progress:
        batches = one_after_another([_measured(path, options, progress) for path in options.paths])
    paths = [str(path) for path in options.paths]
    others = "" if len(paths) == 1 else f" and {len(paths) - 1} more"
    origin = BatchOrigin(
        kind="files",
        text=f"{len(batches):,} of {_size_text(batches)} values per channel, from {paths[0]}{others}",
        details={"paths": paths, "batch_size": options.batch_size},
        num_batches=len(batches),
    )
    return RecordedBatches(batches), origin


def _measured(path: Path, options: BatchOptions, progress: ByteProgress) -> tuple[str, BatchStatistics]:
    with open_named_arrays(path) as arrays:
        tensor = measured_tensor(arrays, options.array)
        channel_axis = 1 if options.channel_axis is None else options.channel_axis
        # Bytes of the file, however its elements are stored.
        value_size = path.stat().st_size // max(1, math.prod(tensor.shape)) if path.is_file() else 1
        batches = measure_batches(
            tensor, channel_axis, options.batch_size, lambda num_values: progress.advance(num_values * value_size)
        )
        return str(tensor), batches


def _size_text(batches: BatchStatistics) -> str:
    low, high = int(batches.num_values.min()), int(batches.num_values.max())
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"

"""Holds what was measured of recent batches, and turns it into rows, many at a time."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from bncli.light_dataclass import dataclass
from bncli.recording.batch_measurement import SummedBatch, finished, measure
from bncli.recording.spool import RowHead

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    FloatArray = NDArray[np.float64]


@dataclass(slots=True)
class RowBuffer:
    """Rows that are measured and not yet written: a device is waited for once per fetch, never once per batch."""

    _heads: list[RowHead] = field(default_factory=list)
    _measured: list[Tensor | SummedBatch] = field(default_factory=list)

    @property
    def is_on_cpu(self) -> bool:
        """Whether a fetch waits for no device."""
        return all(isinstance(each, SummedBatch) or each.device.type == "cpu" for each in self._measured)

    def measure(self, layer: int, step: int, x: Tensor, *, is_training: bool) -> None:
        """Measure a batch of shape (N, C, ...) that is about to enter a layer."""
        self._measured.append(measure(x))
        self._heads.append(RowHead(layer, is_training, step, x.numel() // x.shape[1], len(x)))

    def fetch(self) -> Iterator[tuple[RowHead, FloatArray]]:
        """Yield what was measured since the last fetch, in order; statistics have shape (4, C)."""
        heads, measured = self._heads, self._measured
        self._heads, self._measured = [], []
        summed = iter(finished([each for each in measured if isinstance(each, SummedBatch)]))
        computed = iter(_fetched([each for each in measured if not isinstance(each, SummedBatch)]))
        for head, each in zip(heads, measured, strict=True):
            yield head, next(summed if isinstance(each, SummedBatch) else computed)


def _fetched(statistics: list[Tensor]) -> list[FloatArray]:
    """Return tensors of shape (4, C) as arrays; each device is waited for once."""
    import torch  # noqa: PLC0415

    devices = [each.device for each in statistics]
    for device in dict.fromkeys(devices):
        chosen = [number for number, each in enumerate(devices) if each == device]
        together = torch.cat([statistics[number].flatten() for number in chosen]).cpu()
        parts = torch.split(together, [statistics[number].numel() for number in chosen])
        for number, part in zip(chosen, parts, strict=True):
            statistics[number] = part.reshape(4, -1)
    return [each.numpy() for each in statistics]

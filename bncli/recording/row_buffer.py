"""Holds the statistics of recent batches on their device, and fetches them many at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bncli.recording.spool import RowHead
from bncli.recording.tensor_moments import tensor_moments

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor


@dataclass(slots=True)
class RowBuffer:
    """Rows that are measured and not yet written: a device is waited for once per fetch, never once per batch."""

    _heads: list[RowHead] = field(default_factory=list)
    _statistics: list[Tensor] = field(default_factory=list)

    @property
    def is_on_cpu(self) -> bool:
        """Whether a fetch waits for no device."""
        return all(each.device.type == "cpu" for each in self._statistics)

    def measure(self, layer: int, step: int, x: Tensor, *, is_training: bool) -> None:
        """Measure a batch of shape (N, C, ...) that is about to enter a layer."""
        import torch  # noqa: PLC0415

        count = x.numel() // x.shape[1]
        moments = tensor_moments(x)
        rows = (moments.mean, moments.m2 / count, moments.mean_error, moments.sample_mean_var)
        self._statistics.append(torch.stack(rows))
        self._heads.append(RowHead(layer, is_training, step, count, len(x)))

    def fetch(self) -> Iterator[tuple[RowHead, NDArray[np.float64]]]:
        """Yield what was measured since the last fetch, in order; statistics have shape (4, C)."""
        import torch  # noqa: PLC0415

        heads, statistics = self._heads, self._statistics
        self._heads, self._statistics = [], []
        for device in dict.fromkeys(each.device for each in statistics):
            if device.type != "cpu":
                chosen = [number for number, each in enumerate(statistics) if each.device == device]
                fetched = torch.cat([statistics[number].flatten() for number in chosen]).cpu()
                parts = torch.split(fetched, [statistics[number].numel() for number in chosen])
                for number, part in zip(chosen, parts, strict=True):
                    statistics[number] = part.reshape(4, -1)
        for head, each in zip(heads, statistics, strict=True):
            yield head, each.numpy()

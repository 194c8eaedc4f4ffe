"""Small networks, and recordings of what passes through them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.utils.data import IterableDataset

from bncli.recording.live_recording import record
from bncli.recording.opening import open_recording

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from bncli.core.recorded_layer import RecordedLayer


def small_network() -> nn.Sequential:
    """Return a network of two batch-normalization layers, `1` of 4 channels over pictures and `5` of 3 over vectors."""
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 4 * 4, 3), nn.BatchNorm1d(3)
    )


def pictures(num_batches: int = 3, batch_size: int = 5) -> list[Tensor]:
    """Return batches that `small_network` takes."""
    generator = torch.Generator().manual_seed(1)
    return [torch.randn(batch_size, 2, 6, 6, generator=generator) for _ in range(num_batches)]


def feed(model: nn.Module, batches: Iterable[Tensor]) -> None:
    """Call the model with one batch after the other."""
    for batch in batches:
        model(batch)


def failing_batches() -> list[Tensor]:
    """Return a batch that `small_network` takes, and one that makes it raise a `RuntimeError` about channels."""
    return [*pictures(1), torch.zeros(1, 7, 6, 6)]


class PicturesOfUnknownNumber(IterableDataset[Tensor]):
    """Pictures as a stream, whose length raises what torch once asked of such data sets."""

    def __iter__(self) -> Iterator[Tensor]:
        """Return the pictures anew."""
        return iter(pictures())

    def __len__(self) -> int:
        """Raise, as nobody knows."""
        raise NotImplementedError


def recorded_layer(batches: Iterable[Tensor], path: Path, module: nn.Module | None = None) -> RecordedLayer:
    """Record batches that enter a batch-normalization module in eval mode, and return what the file holds of it."""
    batches = list(batches)
    model = nn.Sequential(nn.BatchNorm1d(batches[0].shape[1]) if module is None else module).eval()
    with record(model, path, force=True):
        feed(model, batches)
    with open_recording(path) as recording:
        return recording.layer("0")

"""Batches of scikit-learn's handwritten digits, in the order and in the units that a run asks for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import torch
from sklearn.datasets import load_digits

if TYPE_CHECKING:
    from collections.abc import Iterator

NUM_CLASSES = 10


@dataclass(frozen=True)
class Feed:
    """How pictures reach a network."""

    batch_size: int = 32
    scale: float = 1.0
    """Standardized pictures are multiplied by it."""
    offset: float = 0.0
    """Added after that."""
    is_sorted: bool = False
    """Whether each batch holds pictures of one class, as files in folders lie."""
    inverts: bool = False
    """Black on white: another domain."""


@cache
def pictures() -> tuple[torch.Tensor, torch.Tensor]:
    """Return all pictures, standardized as a whole, shape (1797, 1, 8, 8), and their classes."""
    bunch = load_digits()
    images = torch.tensor(bunch.images, dtype=torch.float32).unsqueeze(1)
    return (images - images.mean()) / images.std(), torch.tensor(bunch.target)


def batches(feed: Feed, num_batches: int, seed: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Yield batches drawn at random with a seed of their own."""
    images, labels = pictures()
    generator = torch.Generator().manual_seed(seed)
    by_class = [torch.nonzero(labels == digit).flatten() for digit in range(NUM_CLASSES)]
    for step in range(num_batches):
        pool = by_class[step * NUM_CLASSES // num_batches] if feed.is_sorted else torch.arange(len(labels))
        chosen = pool[torch.randint(len(pool), (feed.batch_size,), generator=generator)]
        x = -images[chosen] if feed.inverts else images[chosen]
        yield x * feed.scale + feed.offset, labels[chosen]

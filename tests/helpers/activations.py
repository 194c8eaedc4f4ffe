"""Batches of activations that are hard to measure, or lie in memory in an unusual order; all have three channels."""

from __future__ import annotations

import torch
from torch import Tensor

GENERATOR = torch.Generator().manual_seed(3)


def normal(*shape: int, mean: float = 0.0, std: float = 1.0) -> Tensor:
    return torch.randn(shape, generator=GENERATOR) * std + mean


CASES = {
    "vectors": normal(50, 3),
    "one-sample": normal(1, 3, 7),
    "sequences": normal(6, 3, 11),
    "pictures": normal(9, 3, 5, 6),
    "volumes": normal(4, 3, 2, 3, 4),
    "many-chunks": normal(70, 3, 64, 64),
    "far-from-zero": normal(16, 3, 20, mean=100, std=0.01),
    "nearer-to-zero": normal(16, 3, 20, mean=10, std=0.001),
    "channels-last": normal(8, 3, 5, 4).to(memory_format=torch.channels_last),
    "every-second-sample": normal(8, 3, 5, 4)[::2],
    "expanded": normal(1, 3, 5).expand(6, 3, 5),
    "rectified": normal(30, 3, 4).relu(),
    "one-channel": normal(40, 1, 4096, mean=1).expand(40, 3, 4096),
    "more-positions-than-fit": normal(2, 3, 140_000, mean=1),
    "blocks-of-channels": normal(3, 3, 50_000) * torch.tensor([1, 0.01, 3])[:, None] + torch.tensor([0, 7, 1])[:, None],
    "first-sample-unlike-the-rest": torch.cat([torch.full((1, 3, 70_000), 5.0), normal(4, 3, 70_000, mean=40)]),
    "transposed": normal(7, 6, 3).transpose(1, 2),
    "float64": normal(20, 3, 4).double() + 1e7,
    "float16": normal(20, 3, 4).half(),
    "bfloat16": normal(20, 3, 4).bfloat16(),
}

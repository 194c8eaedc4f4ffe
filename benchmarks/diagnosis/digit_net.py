"""The network that is trained: a few convolutions, each with batch normalization and a ReLU behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from benchmarks.diagnosis.digits import NUM_CLASSES

if TYPE_CHECKING:
    from collections.abc import Callable


class Block(nn.Module):
    """Convolution, batch normalization, ReLU; with a way around them where `is_residual`."""

    def __init__(self, inputs: int, outputs: int, stride: int, norm: nn.Module, *, is_residual: bool = False) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn = norm
        self.is_residual = is_residual and inputs == outputs and stride == 1
        if self.is_residual:
            nn.init.zeros_(self.bn.weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return features of half the size where the stride is 2."""
        y = self.bn(self.conv(x))
        return torch.relu(x + y if self.is_residual else y)


class DigitNet(nn.Module):
    """A classifier of 8x8 pictures."""

    def __init__(
        self,
        width: int = 8,
        depth: int = 3,
        norm: Callable[[int], nn.Module] = nn.BatchNorm2d,
        *,
        is_residual: bool = False,
    ) -> None:
        super().__init__()
        widths = [1] + [width] * depth
        self.blocks = nn.ModuleList(
            Block(widths[i], widths[i + 1], 2 if i in {1, 2} else 1, norm(width), is_residual=is_residual)
            for i in range(depth)
        )
        self.head = nn.Linear(width, NUM_CLASSES)
        self.recomputes = False
        """Whether the blocks behind the first one are recomputed in the backward pass, to save memory."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the logits of each picture, shape (N, 10)."""
        for index, block in enumerate(self.blocks):
            x = checkpoint(block, x, use_reentrant=False) if self.recomputes and index else block(x)
        return self.head(x.mean((2, 3)))


def layers_of(net: nn.Module) -> list[nn.BatchNorm2d]:
    """Return the batch normalizations of a network in order."""
    return [module for module in net.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)]  # noqa: SLF001 - torch names the common base class so

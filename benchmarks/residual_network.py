"""A network of the size and shape of ResNet-18, without a dependency."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

if TYPE_CHECKING:
    from torch import Tensor


class Block(nn.Module):
    """Two convolutions, each followed by batch normalization, and a way around both."""

    def __init__(self, num_in: int, num_out: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(num_in, num_out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(num_out)
        self.conv2 = nn.Conv2d(num_out, num_out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(num_out)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or num_in != num_out:
            self.shortcut = nn.Sequential(nn.Conv2d(num_in, num_out, 1, stride, bias=False), nn.BatchNorm2d(num_out))

    def forward(self, x: Tensor) -> Tensor:
        """Return features of shape (N, num_out, H / stride, W / stride)."""
        hidden = self.bn1(self.conv1(x)).relu()
        out: Tensor = (self.bn2(self.conv2(hidden)) + self.shortcut(x)).relu()
        return out


class ResidualNetwork(nn.Module):
    """Eight blocks after a stem: 20 batch-normalization layers with 4,800 channels, as in ResNet-18."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1)
        )
        widths = (64, 64, 128, 256, 512)
        stages = zip(widths, widths[1:], (1, 2, 2, 2), strict=False)
        self.blocks = nn.Sequential(
            *(block for num_in, num_out, stride in stages for block in
              (Block(num_in, num_out, stride), Block(num_out, num_out, 1)))
        )  # fmt: skip
        self.head = nn.Linear(512, 1000)

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores, shape (N, 1000), of pictures of shape (N, 3, H, W)."""
        scores: Tensor = self.head(self.blocks(self.stem(x)).mean((2, 3)))
        return scores

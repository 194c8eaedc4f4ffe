"""A small convolutional network for 8x8 pictures of digits, with four batch-normalization layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

if TYPE_CHECKING:
    from torch import Tensor


class DigitClassifier(nn.Module):
    """Three convolutions and two linear layers; every layer but the last is followed by batch normalization.

    Its own module, so that a whole model that was saved can be unpickled wherever this folder is on the import path.
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, kernel_size=3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.conv2 = nn.Conv2d(8, 16, kernel_size=3, stride=2, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(16)
        self.conv3 = nn.Conv2d(16, 24, kernel_size=3, stride=2, padding=1, bias=False)
        self.bn3 = nn.BatchNorm2d(24)
        self.fc1 = nn.Linear(24 * 2 * 2, 32, bias=False)
        # Settings apart from the defaults: a file that holds them can be told from one where they are assumed.
        self.bn4 = nn.BatchNorm1d(32, eps=1e-3, momentum=0.05)
        self.fc2 = nn.Linear(32, 10)

    def forward(self, images: Tensor) -> Tensor:
        """Return the scores of the ten digits, shape (N, 10), of pictures of shape (N, 1, 8, 8) with values in 0..1."""
        edges = self.bn1(self.conv1(images)).relu()
        strokes = self.bn2(self.conv2(edges)).relu()
        shapes = self.bn3(self.conv3(strokes)).relu()
        features = self.bn4(self.fc1(shapes.flatten(1))).relu()
        scores: Tensor = self.fc2(features)
        return scores

"""Faults of a single batch that spoils the statistics, or the weights, for good."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from benchmarks.diagnosis.case import Case, Specimen, faults
from benchmarks.diagnosis.digit_net import DigitNet, layers_of
from benchmarks.diagnosis.digits import Feed, batches
from benchmarks.diagnosis.saving import save_state, trained_net
from benchmarks.diagnosis.training import Recipe, feed_through, train

if TYPE_CHECKING:
    from pathlib import Path

_AFTERWARDS = Recipe(num_steps=20, learning_rate=0.01)


class UnguardedBatchNorm(nn.BatchNorm2d):
    """Batch normalization that lets batches of one value per channel through, as fused kernels do."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalize with the batch; the unbiased variance of one value is 0 / 0."""
        self.num_batches_tracked += 1
        settings: Any = (self.training, self.momentum, self.eps)
        return torch.native_batch_norm(x, self.weight, self.bias, self.running_mean, self.running_var, *settings)[0]


def _overflowed_batch(seed: int, folder: Path) -> Specimen:
    """One batch overflows in float16; the optimizer skips its step, the statistics are updated."""
    net = trained_net(seed)
    with torch.autocast("cpu", torch.float16):
        feed_through(net, Feed(scale=1e6), 1, seed + 100)
    return Specimen(save_state(train(net, _AFTERWARDS, seed + 200).state_dict(), folder))


def _nan_in_the_input(seed: int, folder: Path) -> Specimen:
    net = trained_net(seed)
    for x, _ in batches(Feed(), 1, seed + 100):
        x[3, 0, 2, 5] = torch.nan
        with torch.no_grad():
            net(x)
    return Specimen(save_state(net.state_dict(), folder))


def _nan_in_the_loss(seed: int, folder: Path) -> Specimen:
    net = trained_net(seed)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
    for x, _ in batches(Feed(), 1, seed + 100):
        torch.sqrt(net(x) * 0).sum().backward()
        optimizer.step()
    return Specimen(save_state(net.state_dict(), folder))


def _last_batch_of_one(seed: int, folder: Path) -> Specimen:
    torch.manual_seed(seed)
    net = DigitNet(8, 4, UnguardedBatchNorm)
    net.blocks[3].conv.stride = (2, 2)  # one position is left
    train(net, Recipe(), seed)
    train(net, replace(Recipe(), feed=Feed(batch_size=1), num_steps=1, learning_rate=0.0), seed + 100)
    return Specimen(save_state(net.state_dict(), folder))


def _memory_never_set(seed: int, folder: Path) -> Specimen:
    """A warm-up forward pass of torch.empty in train mode: whatever the memory holds."""
    net = trained_net(seed)
    generator = torch.Generator().manual_seed(seed)
    bits = torch.randint(-(2**31), 2**31 - 1, (32, 1, 8, 8), dtype=torch.int32, generator=generator)
    with torch.no_grad():
        net(bits.view(torch.float32))
    return Specimen(save_state(net.state_dict(), folder))


def _exploding_gradient(seed: int, folder: Path) -> Specimen:
    net = trained_net(seed)
    with torch.no_grad():
        layers_of(net)[1].weight.mul_(torch.inf)
    return Specimen(save_state(net.state_dict(), folder))


POISONED_BATCHES = (
    Case("overflowed-batch", "one activation overflowed under AMP", _overflowed_batch, codes=faults("BN101")),
    Case("nan-in-the-input", "one broken picture", _nan_in_the_input, codes=faults("BN101")),
    Case("nan-in-the-loss", "the gradient of a root at 0, and a step", _nan_in_the_loss, codes=faults("BN101")),
    Case("last-batch-of-one", "a last batch of one value per channel", _last_batch_of_one, codes=faults("BN101")),
    Case("memory-never-set", "warm-up forward of torch.empty in train mode", _memory_never_set, codes=faults("BN101")),
    Case("exploding-gradient", "one step to infinity", _exploding_gradient, codes=faults("BN101")),
)

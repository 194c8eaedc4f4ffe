"""Trains a network for some steps, as a recipe says."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from benchmarks.diagnosis.digit_net import DigitNet
from benchmarks.diagnosis.digits import Feed, batches

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Recipe:
    """A run, from the network to its last step; by default an ordinary one."""

    width: int = 8
    depth: int = 3
    momentum: float | None = 0.1
    eps: float = 1e-5
    is_residual: bool = False
    feed: Feed = field(default_factory=Feed)
    num_steps: int = 120
    optimizer: str = "sgd"
    learning_rate: float = 0.05
    weight_decay: float = 5e-4
    warm_up: int = 0
    """Steps over which the learning rate rises from 0."""
    dtype: torch.dtype = torch.float32


def new_net(recipe: Recipe, seed: int) -> DigitNet:
    """Return an untrained network."""
    torch.manual_seed(seed)
    net = DigitNet(
        recipe.width,
        recipe.depth,
        lambda width: nn.BatchNorm2d(width, eps=recipe.eps, momentum=recipe.momentum),
        is_residual=recipe.is_residual,
    )
    return net.to(recipe.dtype)


def train(net: nn.Module, recipe: Recipe, seed: int, after_step: Callable[[int], None] | None = None) -> nn.Module:
    """Train a network in the mode that its layers are in, and return it.

    Args:
        net: changed in place.
        recipe: what to do.
        seed: of the batches.
        after_step: called with the number of each step that was made.
    """
    optimizer = _optimizer(net, recipe)
    for step, (x, labels) in enumerate(batches(recipe.feed, recipe.num_steps, seed), start=1):
        for group in optimizer.param_groups:
            group["lr"] = recipe.learning_rate * min(1.0, step / recipe.warm_up if recipe.warm_up else 1.0)
        optimizer.zero_grad()
        cross_entropy(net(x.to(recipe.dtype)).float(), labels).backward()
        optimizer.step()
        if after_step is not None:
            after_step(step)
    return net


def _optimizer(net: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    trained = [parameter for parameter in net.parameters() if parameter.requires_grad]
    settings = {"lr": recipe.learning_rate, "weight_decay": recipe.weight_decay}
    match recipe.optimizer:
        case "sgd":
            return torch.optim.SGD(trained, momentum=0.9, **settings)
        case "plain-sgd":
            return torch.optim.SGD(trained, **settings)
        case "adam":
            return torch.optim.Adam(trained, **settings)
        case "adamw":
            return torch.optim.AdamW(trained, **settings)
    raise ValueError(recipe.optimizer)


def feed_through(net: nn.Module, feed: Feed, num_batches: int, seed: int) -> None:
    """Run batches through a network without training it; in train mode the statistics move."""
    with torch.no_grad():
        for x, _ in batches(feed, num_batches, seed):
            net(x)

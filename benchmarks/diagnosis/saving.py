"""Writes what a run leaves, as users do."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import torch

from benchmarks.diagnosis.case import Specimen
from benchmarks.diagnosis.training import Recipe, new_net, train

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from torch import nn

    State = Mapping[str, torch.Tensor]


def save_state(state: State, folder: Path, name: str = "model") -> Path:
    """Write a state dict, and return its path."""
    path = folder / f"{name}.pt"
    torch.save(dict(state), path)
    return path


def save_module(net: nn.Module, folder: Path, name: str = "model") -> Path:
    """Write a whole module, which holds eps and momentum, and return its path."""
    path = folder / f"{name}.pt"
    torch.save(net, path)
    return path


def copied(state: State) -> dict[str, torch.Tensor]:
    """Return a state dict whose tensors are its own."""
    return {name: tensor.detach().clone() for name, tensor in state.items()}


@cache
def _trained(recipe: Recipe, seed: int) -> dict[str, torch.Tensor]:
    return copied(train(new_net(recipe, seed), recipe, seed).state_dict())


def trained_state(seed: int, recipe: Recipe = Recipe()) -> dict[str, torch.Tensor]:  # noqa: B008 - it is frozen
    """Return a copy of the state dict after an ordinary run; each run is made once."""
    return copied(_trained(recipe, seed))


def trained_net(seed: int, recipe: Recipe = Recipe()) -> nn.Module:  # noqa: B008 - it is frozen
    """Return a network after an ordinary run, in train mode."""
    net = new_net(recipe, seed)
    net.load_state_dict(trained_state(seed, recipe))
    return net


def state_of_run(recipe: Recipe) -> Callable[[int, Path], Specimen]:
    """Return what runs a recipe and saves the state dict."""

    def make(seed: int, folder: Path) -> Specimen:
        return Specimen(save_state(train(new_net(recipe, seed), recipe, seed).state_dict(), folder))

    return make


def module_of_run(recipe: Recipe) -> Callable[[int, Path], Specimen]:
    """Return what runs a recipe and saves the whole module, settings included."""

    def make(seed: int, folder: Path) -> Specimen:
        return Specimen(save_module(train(new_net(recipe, seed), recipe, seed), folder))

    return make

"""The verdict of `diff` on the one layer of two states of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.analysis.comparison import compare
from bncli.analysis.layer_discovery import discover
from tests.helpers.builders import ArraysInMemory

if TYPE_CHECKING:
    import torch

    from bncli.analysis.verdicts import Verdict

State = dict[str, "torch.Tensor"]


def state_of(model: torch.nn.Module) -> State:
    """Return a copy of a model's state, which later steps leave alone."""
    return {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}


def verdict_between(before: State, after: State, *, are_ranks: bool = False) -> Verdict:
    """Return the verdict on the layer `bn`, the only one."""
    layers = [
        discover(ArraysInMemory({name: tensor.numpy() for name, tensor in state.items()})).layers
        for state in (before, after)
    ]
    (change,) = compare(*layers, are_ranks=are_ranks).changes
    return change.verdict

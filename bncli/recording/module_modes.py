"""Puts the modules of a model into the modes that a recording needs, and everything back as it was."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from torch import Tensor
    from torch.nn import Module

BatchNormMode: TypeAlias = Literal["train", "eval"]
"""Whether batch-normalization layers normalize with the statistics of the batch, or with their running ones."""


@contextmanager
def modes_for_recording(
    model: Module, batch_norms: Mapping[str, Module], mode: BatchNormMode, *, trains_everything: bool
) -> Iterator[None]:
    """Run a block with all modules in eval mode but for the batch norms, and restore modes and buffers after it.

    Args:
        model: the model.
        batch_norms: its batch-normalization modules.
        mode: theirs.
        trains_everything: whether all other modules, dropout included, are in train mode.
    """
    import torch  # noqa: PLC0415

    flags = [(module, module.training) for module in model.modules()]
    buffers = [(buffer, buffer.detach().clone()) for buffer in model.buffers() if not _is_lazy(buffer)]
    model.train(trains_everything)
    for module in batch_norms.values():
        module.training = mode == "train"
    try:
        yield
    finally:
        for module, was_training in flags:
            module.training = was_training
        with torch.no_grad():
            for buffer, before in buffers:
                buffer.copy_(before)


def _is_lazy(buffer: Tensor) -> bool:
    from torch.nn.parameter import is_lazy  # noqa: PLC0415

    return bool(is_lazy(buffer))

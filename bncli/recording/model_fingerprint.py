"""A number that tells models and options apart, so that ranks can find out whether they work on the same."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch.nn import Module

_BITS = 63
"""As many as an int64 holds without its sign."""


def model_fingerprint(model: Module) -> int:
    """Return a number that follows from names, shapes, types and bytes of all weights and buffers.

    Of what a module keeps beside them, in any form of its own, only the names count.
    """
    import torch  # noqa: PLC0415
    from torch.nn.parameter import is_lazy  # noqa: PLC0415

    state = hashlib.sha256()
    for name, values in model.state_dict(keep_vars=True).items():
        if not isinstance(values, torch.Tensor) or is_lazy(values):
            state.update(f"{name} without values".encode())
            continue
        state.update(f"{name} {tuple(values.shape)} {values.dtype}".encode())
        flat = values.detach().cpu().contiguous().flatten()
        state.update(flat.view(torch.uint8).numpy().tobytes())
    return _number(state.digest())


def text_fingerprint(text: str) -> int:
    """Return a number that follows from a text."""
    return _number(hashlib.sha256(text.encode()).digest())


def _number(digest: bytes) -> int:
    return int.from_bytes(digest[:8], "little") >> (64 - _BITS)

"""The parts of names that say how a model was wrapped or stored, and not what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

WRAPPERS = frozenset({"module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"})
"""Parts that DataParallel, torch.compile, FSDP and activation checkpointing put into names, anywhere."""

CONTAINERS = (
    "state_dict", "model_state_dict", "model", "net", "network", "weights", "params", "ema", "model_ema", "params_ema",
    "ema_state_dict", "state_dict_ema",
)  # fmt: skip
"""Keys under which training scripts store a state dict; averaged ones come last."""


def without_wrappers(parts: Iterable[str]) -> tuple[str, ...]:
    """Return the parts of a name that wrappers did not put into it."""
    return tuple(part for part in parts if part not in WRAPPERS)

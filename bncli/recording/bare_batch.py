"""The batch under the wrappers of `torch.func`: where a loop takes derivatives by it, hooks see the wrapped one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from torch import Tensor


def outside_transforms() -> AbstractContextManager[None]:
    """Run a block as if no function was being transformed: what it computes has no wrapper either."""
    import torch  # noqa: PLC0415

    outside: AbstractContextManager[None] = torch._C._DisableFuncTorch()  # noqa: SLF001 - public nowhere
    return outside


def bare_batch(x: Tensor) -> Tensor | None:
    """Return a batch without wrappers and history, its values not copied; `None` for one of the many of a `vmap`."""
    import torch  # noqa: PLC0415

    wrappers = torch._C._functorch  # noqa: SLF001 - public nowhere
    while wrappers.is_gradtrackingtensor(x):
        x = wrappers.get_unwrapped(x)
    return None if wrappers.is_batchedtensor(x) else x.detach()

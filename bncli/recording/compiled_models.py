"""Lets compiled models run uncompiled for a while: hooks that came after the compilation are not part of it."""

from __future__ import annotations

import sys
import threading
from contextlib import ExitStack, contextmanager
from dataclasses import field
from typing import TYPE_CHECKING

from bncli.errors import InvalidUsage
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch.nn import Module


@dataclass(slots=True)
class _Suspension:
    """The suspension of `torch.compile`, which torch keeps once for all threads of the process."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    num_blocks: int = 0
    """Blocks that need it now."""
    stance: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> None:
        """Suspend it for the first block."""
        import torch  # noqa: PLC0415

        with self.lock:
            if not self.num_blocks:
                self.stance.enter_context(torch.compiler.set_stance("force_eager"))
            self.num_blocks += 1

    def __exit__(self, *_: object) -> None:
        """Resume it after the last: a block that began among others would restore what these had set."""
        with self.lock:
            self.num_blocks -= 1
            if not self.num_blocks:
                self.stance.close()


_SUSPENSION = _Suspension()


@contextmanager
def run_eagerly(model: Module, *, may_compile_later: bool) -> Iterator[None]:
    """Run everything that `torch.compile` made, or makes in the block, as if it had not, until the block ends.

    Args:
        model: the model that is going to run.
        may_compile_later: whether the block may compile it. If not, and nothing was compiled up to now, this does
            nothing: to load the compiler costs a second.

    Raises:
        InvalidUsage: the model is compiled, and this torch cannot suspend that.
    """
    import torch  # noqa: PLC0415

    is_compiled = any(_is_compiled(module) for module in model.modules())
    if not (is_compiled or may_compile_later or "torch._dynamo" in sys.modules):
        yield
        return
    if not hasattr(torch.compiler, "set_stance"):
        if is_compiled:
            raise InvalidUsage(
                f"torch {torch.__version__} cannot suspend torch.compile, and a compiled model passes hooks by",
                hint="record the model before it is compiled, or use torch 2.6 or newer",
            )
        yield
        return
    with _SUSPENSION:
        yield


def _is_compiled(module: Module) -> bool:
    return type(module).__name__ == "OptimizedModule" or getattr(module, "_compiled_call_impl", None) is not None

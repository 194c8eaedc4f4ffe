"""Hooks that see every batch on its way into a batch-normalization module, and go without a trace."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, TypeGuard

from bncli.errors import InvalidUsage
from bncli.recording.bare_batch import bare_batch, outside_transforms
from bncli.recording.batch_norm_modules import described
from bncli.recording.row_buffer import RowBuffer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor
    from torch.nn import Module
    from torch.nn.modules.batchnorm import _BatchNorm
    from torch.utils.hooks import RemovableHandle

    from bncli.recording.spool import RowHead, SpooledLayer

_NO_BACKWARD = -1


class Observation:
    """Measures what enters the batch-normalization modules of a model, from `begin` to `end`.

    A step is one forward pass of the model. Where only parts of it are called, a step ends when a module that was
    called in it is called again.

    Args:
        model: the model; it may be wrapped.
        modules: the modules to watch, by name.
        introduce: told when the first batch of a module arrives; gives the layer's index.
        after_step: called when a step may be over, to fetch what was measured.
    """

    def __init__(
        self,
        model: Module,
        modules: Mapping[str, _BatchNorm],
        introduce: Callable[[SpooledLayer], int],
        after_step: Callable[[], None],
    ) -> None:
        self._model = model
        self._modules = modules
        self._introduce = introduce
        self._after_step = after_step
        self._buffer = RowBuffer()
        self._handles: list[RemovableHandle] = []
        self.indices: dict[str, int] = {}
        """By layer, its index: those that a batch has reached, in that order."""
        self._seen_in_step: set[str] = set()
        self._depth = 0
        self.step = -1
        """The current step, counted from 0."""
        self.recomputed: Counter[str] = Counter()
        """By layer, passes that a backward pass repeated."""

    def __deepcopy__(self, _: dict[int, Any]) -> Observation:
        """Return itself: a copy of the model takes the hooks along, and is not observed."""
        return self

    def begin(self) -> None:
        """Put the hooks in place."""
        self._handles.append(self._model.register_forward_pre_hook(self._enter_model, with_kwargs=True))
        for name, module in self._modules.items():
            self._handles.append(module.register_forward_pre_hook(self._watcher(name), with_kwargs=True))
        # Also when the forward pass raises: the next one is a step of its own.
        self._handles.append(self._model.register_forward_hook(self._leave_model, always_call=True))

    def end(self) -> None:
        """Take the hooks away."""
        for handle in self._handles:
            handle.remove()
        self._handles.clear()

    @property
    def is_free_to_fetch(self) -> bool:
        """Whether a fetch waits for no device."""
        return self._buffer.is_on_cpu

    def fetch(self) -> list[tuple[RowHead, NDArray[np.float64]]]:
        """Return what was measured since the last fetch."""
        with outside_transforms():
            return list(self._buffer.fetch())

    def _enter_model(self, model: Module, *_: Any) -> None:
        if model is not self._model:
            return
        if not self._depth:
            self._begin_step()
        self._depth += 1

    def _leave_model(self, model: Module, *_: Any) -> None:
        if model is not self._model:
            return
        self._depth = max(0, self._depth - 1)
        if not self._depth:
            self._after_step()

    def _begin_step(self) -> None:
        self.step += 1
        self._seen_in_step.clear()

    def _watcher(self, name: str) -> Callable[[_BatchNorm, tuple[Any, ...], dict[str, Any]], None]:
        def watch(module: _BatchNorm, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            x = args[0] if args else kwargs.get("input")
            if not _is_traced() and _is_batch(x, module.num_features):
                self._see(name, module, x)

        return watch

    def _see(self, name: str, module: _BatchNorm, x: Tensor) -> None:
        import torch  # noqa: PLC0415

        if "_is_replica" in vars(module):
            raise InvalidUsage(
                f"layer {name} runs as a copy of DataParallel, which sees a part of each batch",
                hint="record model.module on one device, or use DistributedDataParallel",
            )
        if module is not self._modules[name]:
            return
        if torch._C._current_graph_task_id() != _NO_BACKWARD:  # noqa: SLF001 - torch.utils.checkpoint asks it so too
            self.recomputed[name] += 1
            return
        with outside_transforms():
            batch = bare_batch(x)
            if batch is None:
                raise InvalidUsage(
                    f"layer {name} runs under torch.vmap, where hooks see no batch of its own",
                    hint="leave what vmap calls out of the recording",
                )
            if not self._depth and (self.step < 0 or name in self._seen_in_step):
                self._after_step()
                self._begin_step()
            self._seen_in_step.add(name)
            if name not in self.indices:
                self.indices[name] = self._introduce(described(name, module))
            self._buffer.measure(self.indices[name], self.step, batch, is_training=module.training)


def _is_traced() -> bool:
    """Return whether a program is being made of the model, as by `torch.export`: what passes then is no data."""
    import torch  # noqa: PLC0415

    return torch.compiler.is_compiling() or torch._C._is_tracing()  # noqa: SLF001 - torch.jit's own has no types


def _is_batch(x: Any, num_features: int) -> TypeGuard[Tensor]:
    """Return whether a module of so many channels takes this for a batch; what it refuses, it refuses itself."""
    import torch  # noqa: PLC0415

    if not isinstance(x, torch.Tensor) or x.dim() < 2 or not x.is_floating_point() or not x.numel():  # noqa: PLR2004
        return False
    return x.shape[1] == num_features

"""Sees the batches inside of a program that has no modules to hook: TorchScript, or an exported program.

Every batch normalization ends in one of a few operators, whichever way the program is run; its layer is known by the
memory of its running mean.
"""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from bncli.errors import NoBatchNormLayers
from bncli.recording.batch_norm_modules import refuse_long_names
from bncli.recording.row_buffer import RowBuffer
from bncli.recording.spool import SpooledLayer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor
    from torch.nn import Module

    from bncli.recording.spool import RowHead

_MEAN_SUFFIX = "running_mean"
_WITH_MODE = frozenset({"native_batch_norm", "_native_batch_norm_legit", "cudnn_batch_norm", "miopen_batch_norm"})
"""Operators of the arguments x, weight, bias, running_mean, running_var, training, momentum, eps."""
_EVAL_ONLY = frozenset({"_native_batch_norm_legit_no_training"})
"""Operators of the same without `training`."""
_WATCHED = _WITH_MODE | _EVAL_ONLY


class ProgramObservation:
    """Measures what enters the batch normalizations of a program, from `begin` to `end`.

    Args:
        program: what was loaded.
        introduce: told when the first batch of a layer arrives; gives the layer's index.
        normalizes_with_batch: whether layers normalize with the statistics of the batch, whatever mode the program was
            made in; running statistics are not updated then. `None` leaves each as it is.
    """

    def __init__(
        self,
        program: Module,
        introduce: Callable[[SpooledLayer], int],
        *,
        normalizes_with_batch: bool | None,
    ) -> None:
        self._names = layers_by_memory(program)
        self._introduce = introduce
        self._normalizes_with_batch = normalizes_with_batch
        self._buffer = RowBuffer()
        self._stack = ExitStack()
        self.indices: dict[str, int] = {}
        self.step = -1
        """The current step, counted from 0: whoever runs the program says when the next one begins."""
        self.recomputed: Counter[str] = Counter()
        """Always empty: programs are run forward alone."""

    @property
    def is_free_to_fetch(self) -> bool:
        """Whether a fetch waits for no device."""
        return self._buffer.is_on_cpu

    def begin(self) -> None:
        """Start to watch."""
        mode = _watching_mode(self._run)
        self._stack.enter_context(mode)

    def end(self) -> None:
        """Watch no longer."""
        self._stack.close()

    def fetch(self) -> Iterator[tuple[RowHead, NDArray[np.float64]]]:
        """Yield what was measured since the last fetch."""
        return self._buffer.fetch()

    def _run(self, operator: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        name = operator.__name__.partition(".")[0]
        if name not in _WATCHED or args[3] is None or args[3].data_ptr() not in self._names:
            return operator(*args, **kwargs)
        x, weight, bias, mean, var, *settings = args
        momentum, eps = settings[-2:]
        trains = self._normalizes_with_batch
        is_training = name in _WITH_MODE and settings[0] if trains is None else trains
        self._see(self._names[mean.data_ptr()], x, momentum, eps, is_training=is_training)
        if trains is None:
            return operator(*args, **kwargs)
        running = (None, None) if trains else (mean, var)
        return _answer(operator, x, weight, bias, *running, trains, momentum, eps)

    def _see(self, name: str, x: Any, momentum: float, eps: float, *, is_training: bool) -> None:
        if not x.numel():
            return
        if name not in self.indices:
            self.indices[name] = self._introduce(SpooledLayer(name, "BatchNorm", x.shape[1], eps, momentum))
        self._buffer.measure(self.indices[name], self.step, x.detach(), is_training=is_training)


def _answer(operator: Any, x: Tensor, *settings: Any) -> tuple[Tensor, ...]:
    """Return what an operator would of these arguments: cuDNN's gives more than the native one, for a backward pass."""
    import torch  # noqa: PLC0415

    outputs = torch.ops.aten.native_batch_norm(x, *settings)
    num_more = len(operator._schema.returns) - len(outputs)  # noqa: SLF001 - public nowhere else
    return (*outputs, *(x.new_empty(0, dtype=torch.uint8) for _ in range(num_more)))


def layers_by_memory(program: Module) -> dict[int, str]:
    """Return the names of a program's batch normalizations by the address of their running means.

    Raises:
        InvalidUsage: a layer has a name that is too long.
        NoBatchNormLayers: it has none; a frozen program has folded them into other weights.
    """
    names = {
        buffer.data_ptr(): name.removesuffix(_MEAN_SUFFIX).removesuffix(".")
        for name, buffer in program.named_buffers()
        if name.rpartition(".")[2] == _MEAN_SUFFIX
    }
    refuse_long_names(names.values())
    if not names:
        raise NoBatchNormLayers(
            "the program has no batch-normalization layer with running statistics",
            hint="a frozen or optimized program has folded them into its convolutions: record the original model",
        )
    return names


def _watching_mode(run: Callable[[Any, Sequence[Any], dict[str, Any]], Any]) -> AbstractContextManager[Any]:
    from torch.utils._python_dispatch import TorchDispatchMode  # noqa: PLC0415

    class Watching(TorchDispatchMode):  # type: ignore[no-untyped-call]
        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            # While an operator is dispatched the mode is off: what `run` computes is not watched.
            return run(func, args, kwargs or {})

    watching: AbstractContextManager[Any] = Watching()  # type: ignore[no-untyped-call]
    return watching

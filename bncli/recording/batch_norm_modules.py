"""Finds the batch-normalization modules of a model, and refuses models of which hooks would see only a part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.core.name_length import require_short
from bncli.core.running_statistics import RunningStatistics
from bncli.errors import InvalidUsage, NoBatchNormLayers
from bncli.recording.spool import SpooledLayer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor
    from torch.nn import Module
    from torch.nn.modules.batchnorm import _BatchNorm

_WRAPPERS = {
    "DataParallel": "module",
    "DistributedDataParallel": "module",
    "FullyShardedDataParallel": "_fsdp_wrapped_module",
    "OptimizedModule": "_orig_mod",
}
"""Classes that hold a model, by the attribute in which they do: it is no part of the names in the model's own state
dict."""


def batch_norm_modules(model: Module) -> dict[str, _BatchNorm]:
    """Return the batch-normalization modules of a model by their paths; a module that is used twice has its first.

    BatchNorm1d, 2d and 3d, SyncBatchNorm, their lazy forms and all subclasses. Names are those of the bare model.

    Raises:
        InvalidUsage: the model is a `DataParallel` over several devices, a layer has a name that is too long, or it is
            on the device meta.
        NoBatchNormLayers: the model has none.
    """
    from torch.nn.modules.batchnorm import _BatchNorm  # noqa: PLC0415

    refuse_replicas(model)
    found = {bare_name(model, name): module for name, module in model.named_modules() if isinstance(module, _BatchNorm)}
    refuse_long_names(found)
    if not found:
        raise NoBatchNormLayers(
            f"the model {type(model).__name__} has no batch-normalization layer",
            hint="a BatchNorm1d, 2d or 3d, a SyncBatchNorm or a subclass; InstanceNorm and frozen copies are none",
        )
    _refuse_without_values(found)
    return found


def _refuse_without_values(modules: Mapping[str, _BatchNorm]) -> None:
    for name, module in modules.items():
        if any(buffer.is_meta for buffer in module.buffers()):
            raise InvalidUsage(
                f"layer {name} is on the device meta, where nothing has values",
                hint="give the model memory and values first: model.to_empty(device='cpu'), then load_state_dict",
            )


def refuse_long_names(names: Iterable[str]) -> None:
    """Raise an error if a layer has a name that no reader of the recording would take.

    Raises:
        InvalidUsage: one has.
    """
    try:
        require_short(names)
    except ValueError as fault:
        raise InvalidUsage(f"a layer has {fault}") from fault


def refuse_replicas(model: Module) -> None:
    """Raise an error if the model runs as copies in threads, each with a part of every batch.

    Raises:
        InvalidUsage: it does.
    """
    from torch.nn import DataParallel  # noqa: PLC0415

    for module in model.modules():
        if isinstance(module, DataParallel) and len(module.device_ids) > 1:
            raise InvalidUsage(
                f"the model runs as DataParallel on {len(module.device_ids)} devices: each copy normalizes its part of "
                "a batch, and the statistics of all copies but the first are thrown away",
                hint="record model.module on one device, or use DistributedDataParallel",
            )


def bare_name(model: Module, name: str) -> str:
    """Return a module's path without the wrappers that it leads through."""
    parts = []
    module = model
    for part in name.split(".") if name else ():
        if part != _WRAPPERS.get(type(module).__name__):
            parts.append(part)
        module = module.get_submodule(part)
    return ".".join(parts)


def described(name: str, module: _BatchNorm) -> SpooledLayer:
    """Return the settings of a module under the name that it has in recordings."""
    momentum = None if module.momentum is None else float(module.momentum)
    return SpooledLayer(name, type(module).__name__, module.num_features, float(module.eps), momentum)


def running_statistics(module: _BatchNorm) -> RunningStatistics | None:
    """Return a copy of the running statistics of a module in float64; `None` where it tracks none, or has none yet."""
    from torch.nn.parameter import is_lazy  # noqa: PLC0415

    mean, var, counter = module.running_mean, module.running_var, module.num_batches_tracked
    if mean is None or var is None or is_lazy(mean):
        return None
    return RunningStatistics(_copy(mean), _copy(var), None if counter is None else counter.item())


def _copy(buffer: Tensor) -> NDArray[np.float64]:
    import torch  # noqa: PLC0415

    values: NDArray[np.float64] = buffer.detach().to("cpu", torch.float64, copy=True).numpy()
    return values

"""Batch normalization by torch's own operator, so that what is printed is what the user's model computes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bncli.core.backends.torch_device import torch_device
from bncli.core.running_statistics import RunningStatistics
from bncli.errors import InvalidValue, MissingDependency

if TYPE_CHECKING:
    from types import ModuleType

    import torch
    from numpy.typing import NDArray

    from bncli.core.named_arrays import Array
    from bncli.core.normalization import BatchNorm, Mode


class TorchBatchNorm:
    """A `torch.nn.BatchNorm` of 1, 2 or 3 dimensions that holds the state of a `BatchNorm`.

    Statistics and parameters are float32 for float16, bfloat16 and float32 input, float64 for float64 input, as
    torch's autocast keeps them.

    Args:
        layer: settings, parameters and running statistics.
        num_axes: axes of the input, 2 to 5.
        dtype: element type of the input, one of `rounding.FLOAT_DTYPES`.
        device: `cpu`, `cuda` or `cuda:N`.

    Raises:
        MissingDependency: torch is not installed.
        InvalidUsage: the device is unknown or not there.
    """

    def __init__(self, layer: BatchNorm, num_axes: int, dtype: str, device: str = "cpu") -> None:
        self._torch = _import_torch()
        self._device = torch_device(device)
        self._dtype = getattr(self._torch, dtype)
        self._state_dtype = self._torch.float64 if dtype == "float64" else self._torch.float32
        self._layer = layer
        self._module = self._build(num_axes)

    def _build(self, num_axes: int) -> torch.nn.Module:
        nn, layer = self._torch.nn, self._layer
        kind = {2: nn.BatchNorm1d, 3: nn.BatchNorm1d, 4: nn.BatchNorm2d, 5: nn.BatchNorm3d}[num_axes]
        is_affine = layer.weight is not None or layer.bias is not None
        module: torch.nn.Module = kind(
            layer.num_features,
            eps=layer.eps,
            momentum=layer.momentum,
            affine=is_affine,
            track_running_stats=layer.running is not None,
            device=self._device,
            dtype=self._state_dtype,
        )
        state: dict[str, NDArray[np.float64]] = {}
        if is_affine:
            state["weight"] = np.ones(layer.num_features) if layer.weight is None else layer.weight
            state["bias"] = np.zeros(layer.num_features) if layer.bias is None else layer.bias
        if layer.running is not None:
            state |= {"running_mean": layer.running.mean, "running_var": layer.running.var}
        tensors = {name: self._torch.from_numpy(np.array(values)) for name, values in state.items()}
        if layer.running is not None:
            tensors["num_batches_tracked"] = self._torch.tensor(int(layer.running.num_seen))
        module.load_state_dict(tensors)
        if layer.running is not None and not layer.running.is_counted:
            # A counter that starts at 0 would let a cumulative average forget what is stored.
            module.register_buffer("num_batches_tracked", None)
        return module

    def forward(self, x: Array, mode: Mode, channel_axis: int = 1, steps: int = 1) -> Array:
        """Return torch's output for `x`.

        Args:
            x: the input; of bfloat16 the values, held in float32.
            mode: in train mode running statistics move.
            channel_axis: 1 or the last; channels last reach torch as a view, in memory order as they lie.
            steps: how many times the input is fed; the last output is returned.

        Returns:
            Same shape; float32 that holds bfloat16 values where the dtype is bfloat16.

        Raises:
            InvalidValue: torch refuses the input.
        """
        self._module.train(mode == "train")
        tensor = self._torch.from_numpy(np.ascontiguousarray(x)).to(self._device, self._dtype)
        try:
            with self._torch.no_grad():
                for _ in range(steps):
                    y = self._module(tensor.movedim(channel_axis, 1))
        except (ValueError, RuntimeError, LookupError) as error:
            raise InvalidValue(f"torch refuses the input: {str(error).splitlines()[0]}") from error
        y = y.movedim(1, channel_axis)
        if y.dtype == self._torch.bfloat16:
            y = y.float()
        result: Array = np.ascontiguousarray(y.cpu().numpy())
        return result

    def running(self) -> RunningStatistics | None:
        """Return the running statistics that torch holds now; `None` where the layer does not track them."""
        if self._layer.running is None:
            return None
        buffers = {name: tensor.cpu().double().numpy() for name, tensor in self._module.named_buffers()}
        counter = buffers.get("num_batches_tracked")
        return RunningStatistics(
            buffers["running_mean"], buffers["running_var"], None if counter is None else int(counter)
        )


def _import_torch() -> ModuleType:
    try:
        import torch  # noqa: PLC0415 - costs a second, and only this backend needs it
    except ImportError as error:
        raise MissingDependency(
            "the torch backend needs torch, which is not installed", hint="pip install torch, or use --backend numpy"
        ) from error
    return torch

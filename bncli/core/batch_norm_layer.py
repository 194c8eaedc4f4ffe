"""The data model of a batch-normalization layer at rest: its statistics, parameters and settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, Literal, TypeVar

import numpy as np

from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from bncli.core.named_arrays import Array, Skipped

Source = Literal["stored", "given", "assumed"]
"""Where a setting comes from: the file, the command line, or the framework's default."""

Number = TypeVar("Number", bound=float | None)


@dataclass(frozen=True)
class Setting(Generic[Number]):
    """A setting of a layer together with where it comes from."""

    value: Number
    source: Source


@dataclass(frozen=True, slots=True, eq=False)
class BatchNormLayer:
    """One layer as a checkpoint stores it; arrays have shape (C,) and the stored precision."""

    name: str
    """Path of the layer in the file, exactly as stored, the path of nested containers included."""
    label: str
    """The name for people: without containers and wrappers that all layers of the file share."""
    framework: str
    """Whose naming scheme the arrays follow: `torch`, `keras`, ..."""
    class_name: str | None
    """Class that the file names; `None` where it names none: InstanceNorm stores the same arrays."""
    num_features: int
    """Number of channels C."""
    running_mean: Array
    running_var: Array
    """Running variance; ddof 1 where PyTorch stored it."""
    weight: Array | None
    """Learned scale; `None` without affine parameters."""
    bias: Array | None
    """Learned shift; `None` without affine parameters."""
    num_batches_tracked: int | float | None
    """Number of updates; `None` where the file has no counter, a float where an averaging tool made it one."""
    eps: Setting[float]
    momentum: Setting[float | None]
    """Weight of the new batch in the running update; `None` is the cumulative average."""
    dtype: str
    """Stored element type of the running variance."""
    tensors: Mapping[str, str]
    """Role (`running_mean`, ...) to the array's name in the file."""
    aliases: tuple[str, ...] = ()
    """Other paths in the file under which this same memory stands."""
    training_mode: bool = False
    """Whether the file says that the layer normalizes with batch statistics, as an ONNX graph may."""
    producer_bias: str | None = None
    """Name of a bias that is added to the layer's input just before it and used for nothing else; `None` where there is
    none, or the file has no graph that tells."""
    is_tracking: bool = True
    """Whether updates move the running statistics; `False` where the file says with track_running_stats that none does:
    train mode then leaves them alone, and eval mode uses them all the same."""

    def scale_and_shift(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the affine map that the layer is in eval mode: `y = scale * x + shift`, both of shape (C,).

        `scale = weight / sqrt(running_var + eps)` and `shift = bias - running_mean * scale`; NaN where
        `running_var + eps` is negative, as in PyTorch.
        """
        mean = self.running_mean.astype(np.float64)
        var = self.running_var.astype(np.float64)
        weight = np.ones(self.num_features) if self.weight is None else self.weight.astype(np.float64)
        bias = np.zeros(self.num_features) if self.bias is None else self.bias.astype(np.float64)
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            scale = weight / np.sqrt(var + self.eps.value)
            shift = bias - mean * scale
        return scale, shift


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """The batch-normalization layers of one file."""

    path: Path
    format: str
    """The format's name, such as `torch-zip`."""
    size_bytes: int
    bytes_read: int
    """How much of the file was read to learn all this."""
    layers: tuple[BatchNormLayer, ...]
    """In the file's order; memory that stands under several names is listed once."""
    skipped: tuple[Skipped, ...]
    """Arrays and layers that could not be used, each with its reason."""
    aliases: Mapping[str, str]
    """Path of a container that is another one again, to the path under which its layers are listed."""

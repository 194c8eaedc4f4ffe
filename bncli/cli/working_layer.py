"""From options to the layer that `normalize` runs: a fresh one, one from arrays in files, or one of a checkpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bncli.analysis.input_tensor import only_array
from bncli.analysis.layer_discovery import discover
from bncli.analysis.layer_selection import only_layer
from bncli.analysis.layer_settings import eps_of, momentum_of
from bncli.analysis.naming_schemes import scheme_of_framework
from bncli.core.normalization import BatchNorm
from bncli.core.running_statistics import RunningStatistics, fresh
from bncli.errors import InvalidUsage, InvalidValue, ShapeMismatch
from bncli.formats.detection import open_named_arrays
from bncli.light_dataclass import dataclass
from bncli.wording import count

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from bncli.analysis.layer_settings import GivenSettings
    from bncli.core.batch_norm_layer import BatchNormLayer, Setting


@dataclass(frozen=True, slots=True)
class LayerOptions:
    """What the options say about the layer."""

    checkpoint: Path | None
    layer: str | None
    """Name of the checkpoint's layer; `None` where it has only one."""
    weight: Path | None
    bias: Path | None
    running_mean: Path | None
    running_var: Path | None
    is_affine: bool
    tracks_running_stats: bool
    given: GivenSettings

    def __post_init__(self) -> None:
        """Refuse options that contradict each other."""
        files = (self.weight, self.bias, self.running_mean, self.running_var)
        if self.checkpoint is not None and any(file is not None for file in files):
            raise InvalidUsage("give either --checkpoint or files for the layer's arrays, not both")
        if self.checkpoint is None and self.layer is not None:
            raise InvalidUsage("--layer names a layer of a checkpoint, and no --checkpoint is given")
        if not self.is_affine and (self.weight or self.bias):
            raise InvalidUsage("--no-affine contradicts --weight and --bias")
        if not self.tracks_running_stats and (self.running_mean or self.running_var):
            raise InvalidUsage("--no-track-running-stats contradicts --running-mean and --running-var")


@dataclass(frozen=True, slots=True, eq=False)
class WorkingLayer:
    """A layer ready to run, with where its settings come from."""

    layer: BatchNorm
    eps: Setting[float]
    momentum: Setting[float | None]
    name: str | None
    """Its name in the checkpoint; `None` without one."""


def working_layer(options: LayerOptions, num_features: int, *, trains: bool = False) -> WorkingLayer:
    """Return the layer that the options describe.

    Args:
        options: checked against each other.
        num_features: channels C of the input, which a fresh layer takes over.
        trains: whether the layer will run in train mode, which asks more of an eps.

    Raises:
        ShapeMismatch: an array of a file is not of shape (C,).
        InvalidValue: the checkpoint holds an eps or a momentum that no layer can have, or none in train mode.
        BncliError: a file cannot be used, or a checkpoint has not the one layer asked for.
    """
    if options.checkpoint is not None:
        return _from_checkpoint(options, options.checkpoint, trains=trains)
    torch_scheme = scheme_of_framework("torch", "running_mean")
    eps, momentum = eps_of(torch_scheme, {}, options.given), momentum_of(torch_scheme, {}, options.given)
    start = fresh(num_features)
    running = RunningStatistics(
        _vector("running_mean", options.running_mean, start.mean),
        _vector("running_var", options.running_var, start.var),
        0,
    )
    layer = BatchNorm(
        num_features,
        eps=eps.value,
        momentum=momentum.value,
        weight=_vector("weight", options.weight, np.ones(num_features)) if options.is_affine else None,
        bias=_vector("bias", options.bias, np.zeros(num_features)) if options.is_affine else None,
        running=running if options.tracks_running_stats else None,
    )
    return WorkingLayer(layer, eps, momentum, None)


def _from_checkpoint(options: LayerOptions, path: Path, *, trains: bool) -> WorkingLayer:
    with open_named_arrays(path) as arrays:
        checkpoint = discover(arrays, options.given)
    stored = only_layer(checkpoint, options.layer)
    try:
        layer = BatchNorm(
            stored.num_features,
            eps=stored.eps.value,
            momentum=stored.momentum.value,
            weight=_wide(stored.weight) if options.is_affine else None,
            bias=_wide(stored.bias) if options.is_affine else None,
            running=_running(stored) if options.tracks_running_stats else None,
        )
        if trains and stored.eps.source == "stored":
            layer.check_training()
    except InvalidUsage as error:  # what the options give was judged before: here it is the file's
        raise InvalidValue(
            f"{path}: layer {stored.label}: {error.message}",
            hint="--eps and --momentum replace what the file holds",
        ) from error
    return WorkingLayer(layer, stored.eps, stored.momentum, stored.name)


def _running(stored: BatchNormLayer) -> RunningStatistics:
    mean, var = stored.running_mean.astype(np.float64), stored.running_var.astype(np.float64)
    return RunningStatistics(mean, var, stored.num_batches_tracked)


def _vector(role: str, path: Path | None, default: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the only array of a file as float64, or without a file the default, which has the shape asked for."""
    if path is None:
        return default
    with open_named_arrays(path) as arrays:
        spec = only_array(arrays, hint=f"save {role} in a file of its own, or give --checkpoint")
        if spec.shape != default.shape:
            raise ShapeMismatch(
                f"{path}: {role} has shape {list(spec.shape)}, and the input has {count(default.size, 'channel')}",
                hint=f"a layer's array has one value per channel: shape [{default.size}]",
            )
        return arrays.read(spec.name).astype(np.float64)


def _wide(values: NDArray[np.generic] | None) -> NDArray[np.float64] | None:
    return None if values is None else values.astype(np.float64)

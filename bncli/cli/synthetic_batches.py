"""From a population to the batches that `simulate-momentum` feeds: drawn from given numbers, or from a layer's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bncli.cli.batch_options import DEFAULT_SYNTHETIC_SIZE
from bncli.core.gaussian_batches import SCENARIOS, GaussianBatches
from bncli.errors import InvalidValue
from bncli.reports.reported_simulation import BatchOrigin

if TYPE_CHECKING:
    from pathlib import Path

    from bncli.cli.batch_options import BatchOptions
    from bncli.core.batch_norm_layer import BatchNormLayer
    from bncli.core.batch_statistics import FloatArray
    from bncli.core.gaussian_batches import Scenario


def synthetic_batches(options: BatchOptions) -> tuple[GaussianBatches, BatchOrigin]:
    """Return batches of the population that the options describe; without any, of the standard normal one.

    Raises:
        BncliError: the checkpoint cannot be read, or its layer's statistics are those of no population.
    """
    if options.checkpoint is not None:
        return _of_layer(options, options.checkpoint)
    mean = 0.0 if options.mean is None else options.mean
    std = 1.0 if options.std is None else options.std
    source = _gaussian(options, np.array([mean]), np.array([std]))
    return source, BatchOrigin("synthetic", _text(source, f"mean {mean:g} and std {std:g}"), _details(source))


def _of_layer(options: BatchOptions, path: Path) -> tuple[GaussianBatches, BatchOrigin]:
    # Formats are imported where a file is read: a fifth of the time of a run that reads none.
    from bncli.analysis.layer_discovery import discover
    from bncli.analysis.layer_selection import only_layer
    from bncli.formats.detection import open_named_arrays

    with open_named_arrays(path) as arrays:
        layer = only_layer(discover(arrays), options.layer)
    mean, var = layer.running_mean.astype(np.float64), layer.running_var.astype(np.float64)
    if not layer.num_features:
        raise InvalidValue(f"{path}: layer {layer.label} has no channels", hint="simulate another layer")
    _check_population(path, layer, mean, var)
    source = _gaussian(options, mean, np.sqrt(var))
    text = _text(source, f"the running statistics of {layer.label} in {path}")
    return source, BatchOrigin("checkpoint", text, {"path": str(path), "layer": layer.name, **_details(source)})


def _check_population(path: Path, layer: BatchNormLayer, mean: FloatArray, var: FloatArray) -> None:
    broken = np.flatnonzero(~np.isfinite(mean) | ~np.isfinite(var) | (var < 0))
    if broken.size:
        channel = int(broken[0])
        raise InvalidValue(
            f"{path}: layer {layer.label}, channel {channel}: no population has mean {mean[channel]:g} and variance "
            f"{var[channel]:g}",
            hint="simulate another layer, or give --mean and --std",
        )


def _gaussian(options: BatchOptions, mean: FloatArray, std: FloatArray) -> GaussianBatches:
    by_name: dict[str, Scenario] = {name: name for name in SCENARIOS}
    return GaussianBatches(
        mean,
        std,
        batch_size=DEFAULT_SYNTHETIC_SIZE if options.batch_size is None else options.batch_size,
        scenario=by_name[options.scenario or "stationary"],
        seed=0 if options.seed is None else options.seed,
    )


def _text(source: GaussianBatches, population: str) -> str:
    return f"{source.scenario}, {source.batch_size:,} normal values per channel of {population}, seed {source.seed}"


def _details(source: GaussianBatches) -> dict[str, int | str]:
    return {"batch_size": source.batch_size, "scenario": source.scenario, "seed": source.seed}

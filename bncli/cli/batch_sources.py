"""From options to the batches that `simulate-momentum` feeds: of files, of a checkpoint's population, or synthetic."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bncli.analysis.batch_measurement import measure_batches, one_after_another
from bncli.analysis.input_tensor import choose_array, input_tensor
from bncli.analysis.layer_discovery import discover
from bncli.analysis.layer_selection import only_layer
from bncli.core.gaussian_batches import SCENARIOS, GaussianBatches
from bncli.core.recorded_batches import RecordedBatches
from bncli.core.rounding import FLOAT_DTYPES
from bncli.errors import InvalidUsage, InvalidValue, near_miss
from bncli.formats.detection import open_named_arrays
from bncli.reports.simulation import BatchOrigin

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bncli.core.batch_norm_layer import BatchNormLayer
    from bncli.core.batch_statistics import BatchSource, BatchStatistics, FloatArray
    from bncli.core.gaussian_batches import Scenario

DEFAULT_BATCH_SIZE = 32
DEFAULT_STEPS = 1000


@dataclass(frozen=True, slots=True)
class FileOptions:
    """What the options say about files of batches."""

    paths: Sequence[Path]
    array: str | None
    channel_axis: int | None

    def __post_init__(self) -> None:
        """Refuse options without files."""
        if not self.paths and self.array is not None:
            raise InvalidUsage("--array names an array of a file, and no file is given")
        if not self.paths and self.channel_axis is not None:
            raise InvalidUsage("--channel-axis is of the arrays in files, and no file is given")


@dataclass(frozen=True, slots=True)
class PopulationOptions:
    """What the options say about the population of synthetic batches."""

    checkpoint: Path | None
    layer: str | None
    mean: float | None
    std: float | None
    scenario: str | None
    seed: int | None

    def __post_init__(self) -> None:
        """Refuse options that contradict each other, and values that no population has."""
        if self.checkpoint is None and self.layer is not None:
            raise InvalidUsage("--layer names a layer of a checkpoint, and no --checkpoint is given")
        if self.checkpoint is not None and (self.mean is not None or self.std is not None):
            raise InvalidUsage("the population is either that of --checkpoint or that of --mean and --std")
        if self.mean is not None and not math.isfinite(self.mean):
            raise InvalidUsage(f"--mean is {self.mean:g}: give a finite number")
        if self.std is not None and not 0 <= self.std < math.inf:
            raise InvalidUsage(f"--std is {self.std:g}: give a finite number that is not negative")
        if self.scenario is not None and self.scenario not in SCENARIOS:
            raise InvalidUsage(f"unknown scenario {self.scenario!r}", hint=near_miss(self.scenario, SCENARIOS))

    @property
    def given(self) -> tuple[str, ...]:
        """The options that are given, by name."""
        options = {
            "--checkpoint": self.checkpoint,
            "--mean": self.mean,
            "--std": self.std,
            "--scenario": self.scenario,
            "--seed": self.seed,
        }
        return tuple(name for name, value in options.items() if value is not None)


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedBatches:
    """A source of batches, where it comes from, and how long a run over it is when nobody says."""

    source: BatchSource
    origin: BatchOrigin
    default_steps: int = DEFAULT_STEPS


def batch_source(files: FileOptions, population: PopulationOptions, batch_size: int | None) -> SimulatedBatches:
    """Return the one source that the options describe; without any, batches of a standard normal population.

    Raises:
        InvalidUsage: the options describe two sources, or batches with a single value.
        BncliError: a file cannot be used.
    """
    if files.paths:
        if population.given:
            raise InvalidUsage(
                f"batches come either from files or from a population: {', '.join(population.given)} contradicts FILES",
                hint="leave out the files, or the options of the population",
            )
        return _from_files(files, batch_size)
    size = DEFAULT_BATCH_SIZE if batch_size is None else batch_size
    if size == 1:
        raise InvalidUsage("--batch-size is 1: a single value per channel has no variance", hint="give 2 or more")
    if population.checkpoint is not None:
        return _from_checkpoint(population, population.checkpoint, size)
    mean = 0.0 if population.mean is None else population.mean
    std = 1.0 if population.std is None else population.std
    source = _gaussian(np.array([mean]), np.array([std]), size, population)
    return SimulatedBatches(source, _synthetic_origin(source, f"mean {mean:g} and std {std:g}"))


def _from_files(files: FileOptions, batch_size: int | None) -> SimulatedBatches:
    batches = one_after_another([_measured(path, files, batch_size) for path in files.paths])
    count = len(batches)
    paths = [str(path) for path in files.paths]
    others = "" if len(paths) == 1 else f" and {len(paths) - 1} more"
    origin = BatchOrigin(
        kind="files",
        text=f"{count:,} of {_range_text(batches)} values per channel, from {paths[0]}{others}",
        details={"paths": paths, "batch_size": batch_size},
        num_batches=count,
    )
    return SimulatedBatches(RecordedBatches(batches), origin, default_steps=count)


def _measured(path: Path, files: FileOptions, batch_size: int | None) -> tuple[str, BatchStatistics]:
    with open_named_arrays(path) as arrays:
        # Integers, such as pictures of bytes, have statistics too.
        stored = choose_array(arrays, files.array).dtype
        tensor = input_tensor(arrays, files.array, None if stored in FLOAT_DTYPES else "float64")
        return str(tensor), measure_batches(tensor, files.channel_axis or 1, batch_size)


def _range_text(batches: BatchStatistics) -> str:
    low, high = int(batches.num_values.min()), int(batches.num_values.max())
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _from_checkpoint(options: PopulationOptions, path: Path, batch_size: int) -> SimulatedBatches:
    with open_named_arrays(path) as arrays:
        layer = only_layer(discover(arrays), options.layer)
    mean, var = layer.running_mean.astype(np.float64), layer.running_var.astype(np.float64)
    _check_population(path, layer, mean, var)
    source = _gaussian(mean, np.sqrt(var), batch_size, options)
    origin = _synthetic_origin(source, f"the running statistics of {layer.label} in {path}")
    details = {"path": str(path), "layer": layer.name, **origin.details}
    return SimulatedBatches(source, BatchOrigin("checkpoint", origin.text, details))


def _check_population(path: Path, layer: BatchNormLayer, mean: FloatArray, var: FloatArray) -> None:
    bad = np.flatnonzero(~np.isfinite(mean) | ~np.isfinite(var) | (var < 0))
    if bad.size:
        channel = int(bad[0])
        raise InvalidValue(
            f"{path}: layer {layer.label}, channel {channel}: mean {mean[channel]:g} and variance {var[channel]:g} are "
            "those of no population",
            hint="simulate another layer, or give --mean and --std",
        )


def _gaussian(mean: FloatArray, std: FloatArray, batch_size: int, options: PopulationOptions) -> GaussianBatches:
    by_name: dict[str, Scenario] = {name: name for name in SCENARIOS}
    return GaussianBatches(mean, std, batch_size, by_name[options.scenario or "stationary"], options.seed or 0)


def _synthetic_origin(source: GaussianBatches, population: str) -> BatchOrigin:
    return BatchOrigin(
        "synthetic",
        f"{source.scenario}, {source.batch_size:,} normal values per channel of {population}, seed {source.seed}",
        {"batch_size": source.batch_size, "scenario": source.scenario, "seed": source.seed},
    )

"""Runs `normalize`: opens the files, runs the layer, and gathers what was asked for beside the result."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

import numpy as np

from bncli.analysis.input_tensor import input_tensor
from bncli.analysis.normalization_run import RunSettings, gap, run
from bncli.analysis.torch_deviation import torch_deviation
from bncli.cli.atomic_file import atomic_file
from bncli.cli.working_layer import working_layer
from bncli.core.channel_layout import ChannelLayout
from bncli.core.normalization import Mode
from bncli.errors import InvalidUsage, near_miss
from bncli.formats.detection import open_named_arrays
from bncli.formats.numpy_writer import NumpyWriter
from bncli.reports.normalization import NormalizationReport

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path
    from typing import IO

    from bncli.analysis.input_tensor import InputTensor
    from bncli.analysis.normalization_run import Backend, NormalizationResult
    from bncli.cli.working_layer import LayerOptions, WorkingLayer
    from bncli.core.named_arrays import Array

BACKENDS: dict[str, Backend] = {"auto": "numpy", "numpy": "numpy", "torch": "torch", "both": "numpy"}
"""From the option to the backend that gives the output."""


@dataclass(frozen=True, slots=True)
class InputOptions:
    """Which array is normalized."""

    path: Path
    array: str | None
    dtype: str | None


@dataclass(frozen=True, slots=True)
class ExtraOptions:
    """What is asked for beside the result."""

    compares_modes: bool
    compares_backends: bool
    shows_values: bool
    save: Path | None
    overwrites: bool


def run_settings(mode: str, steps: int | None, channel_axis: int, backend: str, device: str) -> RunSettings:
    """Return how the layer is run.

    Raises:
        InvalidUsage: no such mode or backend, or train mode with no step.
    """
    modes = {name: name for name in get_args(Mode)}
    if mode not in modes:
        raise InvalidUsage(f"unknown mode {mode!r}", hint=near_miss(mode, modes))
    if backend not in BACKENDS:
        raise InvalidUsage(f"unknown backend {backend!r}", hint=near_miss(backend, BACKENDS))
    if mode == "train" and steps == 0:
        raise InvalidUsage("train mode takes at least one step", hint="--mode eval normalizes without training")
    default_steps = 1 if mode == "train" else 0
    chosen_steps = default_steps if steps is None else steps
    return RunSettings(modes[mode], chosen_steps, channel_axis, BACKENDS[backend], device)


def normalization_report(
    source: InputOptions, layer_options: LayerOptions, settings: RunSettings, extras: ExtraOptions
) -> NormalizationReport:
    """Run a layer on an array as the options say, and return everything that is to be shown."""
    with open_named_arrays(source.path) as arrays:
        tensor = input_tensor(arrays, source.array, source.dtype)
        layout = ChannelLayout.of(tensor.shape, settings.channel_axis, str(tensor))
        working = working_layer(layer_options, layout.num_features)
        result, output = _run(tensor, working, settings, extras)
        return NormalizationReport(
            result=result,
            eps=working.eps,
            momentum=working.momentum,
            layer_name=working.name,
            gap=gap(result) if extras.compares_modes else None,
            deviation=torch_deviation(result) if extras.compares_backends else None,
            output_path=extras.save,
            values=None if output is None else (_whole(tensor), output),
        )


def _run(
    tensor: InputTensor, working: WorkingLayer, settings: RunSettings, extras: ExtraOptions
) -> tuple[NormalizationResult, Array | None]:
    """Return the result, and the output where it is to be shown; save it where it is to be saved."""
    pieces: list[Array] = []
    with _output_file(extras) as file:
        stored = "float32" if tensor.dtype == "bfloat16" else tensor.dtype
        writer = None if file is None else NumpyWriter(file, tensor.shape, stored)

        def sink(values: Array) -> None:
            if writer is not None:
                writer.write(values)
            if extras.shows_values:
                pieces.append(values)

        result = run(tensor, working.layer, settings, sink)
    if not extras.shows_values:
        return result, None
    flat = np.concatenate(pieces) if pieces else np.empty(0, stored)
    return result, flat.reshape(tensor.shape)


def _output_file(extras: ExtraOptions) -> AbstractContextManager[IO[bytes] | None]:
    return nullcontext() if extras.save is None else atomic_file(extras.save, force=extras.overwrites)


def _whole(tensor: InputTensor) -> Array:
    return tensor.read(0, int(np.prod(tensor.shape, dtype=np.int64))).reshape(tensor.shape)

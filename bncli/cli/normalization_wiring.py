"""Runs `normalize`: opens the files, runs the layer, and gathers what was asked for beside the result."""

from __future__ import annotations

import math
from contextlib import ExitStack
from typing import TYPE_CHECKING, get_args

import numpy as np

from bncli.analysis.input_tensor import input_tensor
from bncli.analysis.normalization_run import RunSettings, gap, run
from bncli.analysis.torch_deviation import torch_deviation
from bncli.cli.array_output import array_output, check_suffix
from bncli.cli.progress import ByteProgress
from bncli.cli.unchanged_input import unchanged
from bncli.cli.working_layer import working_layer
from bncli.core.channel_layout import ChannelLayout
from bncli.core.named_arrays import ArraySpec
from bncli.core.normalization import Mode
from bncli.core.rounding import stored_dtype
from bncli.errors import InvalidUsage, require_choice
from bncli.formats.detection import open_named_arrays
from bncli.light_dataclass import dataclass
from bncli.reports.reported_normalization import NormalizationReport

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bncli.analysis.input_tensor import InputTensor
    from bncli.analysis.normalization_run import Backend, NormalizationResult, OutputSink
    from bncli.cli.working_layer import LayerOptions, WorkingLayer
    from bncli.core.named_arrays import Array

BACKENDS: dict[str, Backend] = {"auto": "numpy", "numpy": "numpy", "torch": "torch", "both": "numpy"}
"""From the option to the backend that gives the output; on another device than the CPU, auto is torch."""
CPU = "cpu"


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


class _ShownOutput:
    """Keeps the output of a run, to be shown."""

    is_order_free = False

    def __init__(self, tensor: InputTensor) -> None:
        self.values = np.empty(math.prod(tensor.shape), stored_dtype(tensor.dtype))

    def write(self, start: int, values: Array) -> None:
        self.values[start : start + len(values)] = values


class _EachSink:
    """Hands every piece of the output to several sinks."""

    def __init__(self, sinks: Sequence[OutputSink]) -> None:
        self._sinks = sinks
        self.is_order_free = all(sink.is_order_free for sink in sinks)

    def write(self, start: int, values: Array) -> None:
        for sink in self._sinks:
            sink.write(start, values)


def run_settings(mode: str, steps: int | None, channel_axis: int, backend: str, device: str) -> RunSettings:
    """Return how the layer is run.

    Raises:
        InvalidUsage: no such mode or backend, train mode with no step, or a device for NumPy.
    """
    chosen_mode: Mode = require_choice(mode, get_args(Mode), "mode")
    require_choice(backend, BACKENDS, "backend")
    if backend == "numpy" and device != CPU:
        raise InvalidUsage(f"--device {device} is for torch, and --backend is numpy", hint="take --backend torch")
    if chosen_mode == "train" and steps == 0:
        raise InvalidUsage("train mode takes at least one step", hint="--mode eval normalizes without training")
    default_steps = 1 if chosen_mode == "train" else 0
    chosen_steps = default_steps if steps is None else steps
    chosen_backend: Backend = "torch" if backend == "auto" and device != CPU else BACKENDS[backend]
    return RunSettings(chosen_mode, chosen_steps, channel_axis, chosen_backend, device)


def normalization_report(
    source: InputOptions, layer_options: LayerOptions, settings: RunSettings, extras: ExtraOptions
) -> NormalizationReport:
    """Run a layer on an array as the options say, and return everything that is to be shown.

    The output is saved only once all of it is known: whatever fails leaves no file.
    """
    if extras.save is not None:
        check_suffix(extras.save)
    with ExitStack() as stack:
        arrays = stack.enter_context(open_named_arrays(source.path))
        tensor = input_tensor(arrays, source.array, source.dtype)
        layout = ChannelLayout.of(tensor.shape, settings.channel_axis, str(tensor))
        trains = settings.steps > 0 or extras.compares_modes
        working = working_layer(layer_options, layout.num_features, trains=trains)
        shown = _ShownOutput(tensor) if extras.shows_values else None
        sinks: list[OutputSink] = [] if shown is None else [shown]
        if extras.save is not None:
            spec = ArraySpec(tensor.spec.name, tensor.shape, tensor.dtype)
            sinks.append(stack.enter_context(array_output(extras.save, spec, force=extras.overwrites)))
        stack.enter_context(unchanged(tensor.path))
        result = _run(tensor, working, settings, sinks)
        return NormalizationReport(
            result=result,
            eps=working.eps,
            momentum=working.momentum,
            layer_name=working.name,
            gap=gap(result) if extras.compares_modes else None,
            deviation=torch_deviation(result) if extras.compares_backends else None,
            output_path=extras.save,
            values=None if shown is None else (_whole(tensor), shown.values.reshape(tensor.shape)),
        )


def _run(
    tensor: InputTensor, working: WorkingLayer, settings: RunSettings, sinks: Sequence[OutputSink]
) -> NormalizationResult:
    itemsize = stored_dtype(tensor.dtype).itemsize
    passes = 2 if sinks else 1
    with ByteProgress("normalizing", passes * math.prod(tensor.shape) * itemsize) as progress:
        sink = _EachSink(sinks) if sinks else None
        return run(tensor, working.layer, settings, sink, lambda count: progress.advance(count * itemsize))


def _whole(tensor: InputTensor) -> Array:
    return tensor.read(0, math.prod(tensor.shape)).reshape(tensor.shape)

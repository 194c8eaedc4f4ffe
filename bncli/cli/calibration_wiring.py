"""Runs `calibrate`: from a checkpoint and recordings to a new checkpoint and a report of what moved."""

from __future__ import annotations

import math
from contextlib import ExitStack
from typing import TYPE_CHECKING, get_args

import numpy as np

from bncli.analysis.calibration import Calibration, calibrate_layer
from bncli.analysis.layer_discovery import discover
from bncli.analysis.layer_selection import select
from bncli.analysis.population_estimate import EstimateName, EstimateSettings
from bncli.analysis.recorded_matching import unmatched
from bncli.atomic_file import atomic_file
from bncli.cli.kept_inputs import require_apart
from bncli.cli.momentum_option import momentum_of_option
from bncli.cli.recorded_names import recorded_names
from bncli.core.rounding import FLOAT_DTYPES, round_to
from bncli.errors import InputNotFound, InvalidUsage, InvalidValue, ShapeMismatch, require_choice
from bncli.formats.detection import open_named_arrays
from bncli.formats.opened_file import OpenedFile
from bncli.formats.rewriting import REWRITABLE_FORMATS, patches_of, rewritten
from bncli.recording.opening import open_recording
from bncli.reports.calibration import CalibrationFiles

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from bncli.analysis.calibration import LayerCalibration
    from bncli.analysis.channel_filter import ChannelFilter
    from bncli.analysis.layer_settings import GivenSettings
    from bncli.core.batch_norm_layer import BatchNormLayer, Checkpoint
    from bncli.recording.opened_recording import OpenedRecording


def estimate_settings(name: str, momentum: str | None, prior_weight: float) -> EstimateSettings:
    """Return what the options say about the estimate.

    Raises:
        InvalidUsage: no such estimate, or a value that makes none.
    """
    chosen: EstimateName = require_choice(name, get_args(EstimateName), "estimate")
    if not 0 <= prior_weight < math.inf:
        raise InvalidUsage(f"--prior-weight is {prior_weight:g}: give a number of samples, 0 or more")
    if chosen != "ema":
        if momentum is not None:
            raise InvalidUsage(f"--momentum is of the estimate ema, not of {chosen}", hint="add --estimate ema")
        return EstimateSettings(chosen, None, prior_weight)
    if momentum is None:
        raise InvalidUsage("--estimate ema needs a --momentum", hint="such as --momentum 0.1, PyTorch's default")
    return EstimateSettings("ema", momentum_of_option(momentum), prior_weight)


def calibrate_file(
    checkpoint_path: Path,
    recording_paths: Sequence[Path],
    output: Path,
    settings: EstimateSettings,
    *,
    given: GivenSettings,
    globs: Sequence[str],
    where: ChannelFilter | None = None,
    force: bool,
) -> tuple[Calibration, CalibrationFiles]:
    """Write the new checkpoint, and return what moved. Inputs are only read.

    Raises:
        InvalidUsage: the output is one of the inputs, or has the suffix of another format than the checkpoint.
        BncliError: a file cannot be used, a layer has no finite statistics, or the output cannot be written.
    """
    require_apart("--output", output, (checkpoint_path, *recording_paths))
    with ExitStack() as stack:
        arrays = stack.enter_context(open_named_arrays(checkpoint_path))
        recordings = [stack.enter_context(open_recording(path)) for path in recording_paths]
        checkpoint = discover(arrays, given)
        chosen = [each.layer for each in select(checkpoint, globs, where)]
        if not chosen:
            raise InputNotFound(f"{checkpoint_path}: the condition of --where holds for no channel")
        calibration = _calibrate(checkpoint, chosen, recordings, settings)
        if not isinstance(arrays, OpenedFile):
            raise InvalidUsage(f"{checkpoint_path}: lies in several files", hint="save it as one file first")
        patches = patches_of(arrays, _new_values(calibration.layers, arrays))
        _check_suffix(output, arrays)
        with atomic_file(output, force=force) as file:
            file.writelines(rewritten(checkpoint_path, arrays.format, patches))
    cut_off = tuple(recording.path for recording in recordings if not recording.is_complete)
    return calibration, CalibrationFiles(checkpoint_path, checkpoint.format, tuple(recording_paths), cut_off, output)


def _check_suffix(output: Path, arrays: OpenedFile) -> None:
    """Refuse a name by which other programs would take the new file for one of another format."""
    for other in REWRITABLE_FORMATS:
        if other.name != arrays.format and output.suffix.lower() in other.suffixes:
            raise InvalidUsage(
                f"--output {output}: the new file is of the format of {arrays.path}, {arrays.format}",
                hint=f"name it with the suffix {arrays.path.suffix}" if arrays.path.suffix else None,
            )


def _calibrate(
    checkpoint: Checkpoint,
    chosen: Sequence[BatchNormLayer],
    recordings: Sequence[OpenedRecording],
    settings: EstimateSettings,
) -> Calibration:
    names = tuple(dict.fromkeys(name for recording in recordings for name in recording.layer_names))
    matched = recorded_names(checkpoint, chosen, recordings[0].path, names)
    layers = [
        _calibrate_one(layer, matched[layer.name], recordings, settings) for layer in chosen if layer.name in matched
    ]
    unrecorded = tuple(layer.label for layer in chosen if layer.name not in matched)
    # A recorded layer that no chosen one is may well be one of the others.
    is_whole = len(chosen) == len(checkpoint.layers)
    return Calibration(settings, tuple(layers), unrecorded, unmatched(names, matched) if is_whole else ())


def _calibrate_one(
    layer: BatchNormLayer, name: str, recordings: Sequence[OpenedRecording], settings: EstimateSettings
) -> LayerCalibration:
    holding = [recording for recording in recordings if name in recording.layer_names]
    try:
        return calibrate_layer(layer, [recording.layer(name) for recording in holding], settings)
    except (InvalidValue, ShapeMismatch) as error:
        raise type(error)(f"{holding[0].path}: {error.message}", error.hint) from error


def _new_values(layers: Sequence[LayerCalibration], arrays: OpenedFile) -> dict[str, NDArray[np.float64]]:
    """Return the new values of arrays by their stored names, after checking that they fit the stored precision."""
    values = {}
    for layer in layers:
        for role, new in (("running_mean", layer.mean), ("running_var", layer.var)):
            name = layer.layer.tensors[role]
            dtype = arrays.specs[name].dtype
            if dtype in FLOAT_DTYPES and not np.isfinite(round_to(new, dtype)).all():
                raise InvalidValue(
                    f"{arrays.path}: layer {layer.layer.label}: its {role} is beyond what {dtype} holds",
                    hint="save the checkpoint with statistics in float32",
                )
            values[name] = new
    return values

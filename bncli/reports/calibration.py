"""The report of `calibrate`: what moved in each layer, and how sure the new statistics are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bncli.analysis.calibration import AIMED_ERROR
from bncli.core.median import median
from bncli.light_dataclass import dataclass
from bncli.reports.arrangement import arranged, table_of
from bncli.reports.calibration_fields import CALIBRATION_FIELDS, over_channels, worst_first
from bncli.reports.document import Cell, Document, KeyValues, Note
from bncli.reports.left_out_batches import left_out_note
from bncli.wording import MOST_NAMED, listed, part_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bncli.analysis.calibration import Calibration, LayerCalibration
    from bncli.reports.arrangement import Arrangement
    from bncli.reports.document import Block, Value


@dataclass(frozen=True, slots=True)
class CalibrationFiles:
    """What was read and what was written."""

    checkpoint: Path
    format: str
    recordings: tuple[Path, ...]
    cut_off: tuple[Path, ...]
    """Those recordings that ended early."""
    output: Path


def calibration_document(calibration: Calibration, files: CalibrationFiles, arrangement: Arrangement) -> Document:
    """Return what a calibration moved.

    Raises:
        InvalidUsage: a column asked for does not exist.
    """
    shown = arranged(calibration.layers, CALIBRATION_FIELDS, arrangement, worst_first)
    columns = arrangement.columns or tuple(field.column.key for field in CALIBRATION_FIELDS)
    footer = part_of(len(shown), len(calibration.layers), "layer")
    blocks: list[Block] = [
        _facts(calibration, files),
        table_of(shown, CALIBRATION_FIELDS, columns, footer),
        *_notes(calibration, files),
    ]
    return Document("calibration", tuple(blocks), _record(calibration, files, shown))


def _facts(calibration: Calibration, files: CalibrationFiles) -> KeyValues:
    pairs: list[tuple[str, Value | Cell]] = [
        ("checkpoint", f"{files.checkpoint} ({files.format})"),
        ("recording", ", ".join(str(path) for path in files.recordings)),
        ("written", str(files.output)),
        ("estimate", _estimate_text(calibration)),
        ("layers", f"{len(calibration.layers)} with new running_mean and running_var"),
        ("sigma", "sqrt(running_var + eps) of the checkpoint for shifts, of the recorded values for errors"),
    ]
    return KeyValues(tuple(pairs))


def _estimate_text(calibration: Calibration) -> str:
    settings = calibration.settings
    ddof = ", ".join(str(each) for each in sorted({layer.ddof for layer in calibration.layers}))
    text = {
        "pooled": "pooled over all batches: variance within them plus variance between them",
        "mean-of-batches": "plain mean of the batches' means and variances, as update_bn of torch",
        "ema": f"running average of momentum {settings.momentum} over the batches in order",
    }[settings.name]
    prior = f"; the old statistics count for {settings.prior_weight:g} samples" if settings.prior_weight else ""
    return f"{text}; variance with ddof {ddof}{prior}"


def _notes(calibration: Calibration, files: CalibrationFiles) -> Iterator[Note]:
    for path in files.cut_off:
        yield Note(f"{path} ended early: the statistics are of what was recorded up to then", "notice")
    yield from left_out_note(max((layer.num_left_out for layer in calibration.layers), default=0))
    if sum(layer.num_eval > 0 for layer in calibration.layers) > 1:
        yield Note(
            "recorded in eval mode: the batches of a layer are what the old statistics of the layers before it made of "
            "the data, and with new ones they are others, so that the model may be worse than before; record with "
            "batch normalization in train mode",
            "bad",
        )
    if any(layer.is_of_training for layer in calibration.layers):
        yield Note(
            "recorded before: the recording ends with the checkpoint's own counters, so that its batches were made by "
            "weights that have moved since, if they were trained meanwhile; then the model may be worse than before, "
            "and a recording without training is what it takes",
            "bad",
        )
    if calibration.unrecorded:
        yield Note(
            f"left as they are, for no batch reached them: {listed(calibration.unrecorded, most=MOST_NAMED)}", "notice"
        )
    if calibration.unused:
        yield Note(f"recorded, but not in the checkpoint: {listed(calibration.unused, most=MOST_NAMED)}", "notice")
    errors = [over_channels(layer.standard_error, np.max) for layer in calibration.layers]
    worst = max((error for error in errors if error is not None), default=None)
    if worst is None:
        yield Note("how sure the means are cannot be told: that needs batches of several samples", "notice")
    elif worst <= AIMED_ERROR:
        yield Note(f"enough samples: every mean is sure to {worst:.2g} sigma", "good")
    else:
        needed = max(layer.samples_for_aim or 0 for layer in calibration.layers)
        yield Note(
            f"the least sure mean has a standard error of {worst:.2g} sigma; "
            f"about {float(f'{needed:.2g}'):,.0f} samples bring it to {AIMED_ERROR:g}",
            "plain",
        )


def _record(calibration: Calibration, files: CalibrationFiles, shown: list[LayerCalibration]) -> dict[str, Any]:
    settings = calibration.settings
    return {
        "checkpoint": str(files.checkpoint),
        "format": files.format,
        "recordings": [{"path": str(path), "is_complete": path not in files.cut_off} for path in files.recordings],
        "output": str(files.output),
        "estimate": settings.name,
        "momentum": settings.momentum,
        "prior_weight": settings.prior_weight,
        "layers": [_layer_record(layer) for layer in shown],
        "unrecorded": list(calibration.unrecorded),
        "unused": list(calibration.unused),
    }


def _layer_record(layer: LayerCalibration) -> dict[str, Any]:
    return {
        "name": layer.layer.name,
        "recorded_name": layer.recorded_name,
        "num_features": layer.layer.num_features,
        "num_batches": layer.num_batches,
        "num_left_out": layer.num_left_out,
        "num_samples": layer.num_samples,
        "num_values": layer.num_values,
        "ddof": layer.ddof,
        "mean_shift": {
            "median": over_channels(layer.mean_shift, median),
            "max": over_channels(layer.mean_shift, np.max),
        },
        "var_ratio": {
            "min": over_channels(layer.var_ratio, np.min),
            "median": over_channels(layer.var_ratio, median),
            "max": over_channels(layer.var_ratio, np.max),
        },
        "effective_count": {
            "min": over_channels(layer.effective_count, np.min),
            "median": over_channels(layer.effective_count, median),
        },
        "standard_error": {
            "median": over_channels(layer.standard_error, median),
            "max": over_channels(layer.standard_error, np.max),
        },
        "samples_for_aim": layer.samples_for_aim,
    }

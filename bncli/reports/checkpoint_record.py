"""The report of `inspect checkpoint` for programs: what the schema `checkpoint` describes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bncli.analysis.lineage import lineage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bncli.analysis.array_summary import ArraySummary
    from bncli.analysis.inspection import InspectedLayer
    from bncli.core.batch_norm_layer import Checkpoint, Setting
    from bncli.reports.inference import Inference


def checkpoint_record(
    checkpoint: Checkpoint,
    layers: Sequence[InspectedLayer],
    inferences: Sequence[Inference] = (),
    *,
    with_channels: bool,
) -> dict[str, Any]:
    """Return the record of schema `checkpoint`: facts of the whole file, and the layers to show."""
    return {
        "path": str(checkpoint.path),
        "format": checkpoint.format,
        "size_bytes": checkpoint.size_bytes,
        "bytes_read": checkpoint.bytes_read,
        "num_layers": len(checkpoint.layers),
        "num_channels": sum(layer.num_features for layer in checkpoint.layers),
        "layers": [_layer_record(layer, with_channels=with_channels) for layer in layers],
        "skipped": [{"name": skipped.name, "reason": skipped.reason} for skipped in checkpoint.skipped],
        "aliases": dict(checkpoint.aliases),
        "lineage": [
            {"num_batches_tracked": group.num_batches_tracked, "num_layers": group.num_layers}
            for group in lineage(checkpoint.layers)
        ],
        "forensics": [inference.record() for inference in inferences],
    }


def _layer_record(inspected: InspectedLayer, *, with_channels: bool) -> dict[str, Any]:
    layer = inspected.layer
    record: dict[str, Any] = {
        "name": layer.name,
        "label": layer.label,
        "num_features": layer.num_features,
        "framework": layer.framework,
        "class_name": layer.class_name,
        "eps": _setting_record(layer.eps),
        "momentum": _setting_record(layer.momentum),
        "num_batches_tracked": layer.num_batches_tracked,
        "dtype": layer.dtype,
        "tensors": dict(layer.tensors),
        "aliases": list(layer.aliases),
        "running_mean": _summary_record(inspected.running_mean),
        "running_var": _summary_record(inspected.running_var),
        "weight": _summary_record(inspected.weight),
        "bias": _summary_record(inspected.bias),
        "num_dead": inspected.num_dead,
        "num_negative_var": inspected.num_negative_var,
    }
    if with_channels:
        record["channels"] = _channels_record(inspected)
    return record


def _channels_record(inspected: InspectedLayer) -> dict[str, Any]:
    layer, channels = inspected.layer, inspected.channels
    scale, shift = layer.scale_and_shift()
    return {
        "channel": channels,
        "running_mean": layer.running_mean[channels],
        "running_var": layer.running_var[channels],
        "weight": None if layer.weight is None else layer.weight[channels],
        "bias": None if layer.bias is None else layer.bias[channels],
        "scale": scale[channels],
        "shift": shift[channels],
    }


def _setting_record(setting: Setting[float] | Setting[float | None]) -> dict[str, Any]:
    return {"value": setting.value, "source": setting.source}


def _summary_record(summary: ArraySummary | None) -> dict[str, Any] | None:
    if summary is None:
        return None
    return {
        "min": summary.min,
        "median": summary.median,
        "max": summary.max,
        "mean": summary.mean,
        "num_nan": summary.num_nan,
        "num_inf": summary.num_inf,
    }

"""The report of `normalize` for programs: what the schema `normalize` describes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bncli.analysis.gap_size import gap_sizes
from bncli.reports.non_finite import non_finite_counts

if TYPE_CHECKING:
    from bncli.analysis.normalization_run import NormalizationResult
    from bncli.core.running_statistics import RunningStatistics
    from bncli.reports.reported_normalization import NormalizationReport


def normalization_record(report: NormalizationReport) -> dict[str, Any]:
    """Return the record of one run."""
    result = report.result
    inputs, settings = result.inputs, result.settings
    record: dict[str, Any] = {
        "path": str(inputs.tensor.path),
        "array": inputs.tensor.spec.name,
        "mode": settings.mode,
        "steps": settings.steps,
        "backend": settings.backend if report.deviation is None else "both",
        "device": settings.device,
        "layer": report.layer_name,
        "eps": report.eps.value,
        "eps_source": report.eps.source,
        "momentum": report.momentum.value,
        "momentum_source": report.momentum.source,
        "channel_axis": inputs.layout.channel_axis,
        "shape": list(inputs.layout.shape),
        "dtype": inputs.tensor.dtype,
        "count": inputs.layout.values_per_channel,
        "channels": _channels(result),
        "running": _running(result),
        "output": None if report.output_path is None else str(report.output_path),
    }
    if report.gap is not None:
        gap = report.gap
        record["gap"] = {
            "r": gap.r,
            "d": gap.d,
            "z": gap.z,
            "output_gap": gap.output_gap,
            "effective_count": gap.effective_count,
            "size": [str(size) for size in gap_sizes(gap)],
        }
    if report.deviation is not None:
        deviation = report.deviation
        record["torch_deviation"] = {
            "mean_ulp": deviation.mean_ulp,
            "var_ulp": deviation.var_ulp,
            "output_ulp": deviation.output_ulp,
            "condition": deviation.condition,
            "cause": list(deviation.causes),
        }
    if report.values is not None:
        record["values"] = {"input": report.values[0], "output": report.values[1]}
    record["non_finite"] = non_finite_counts(record)
    return record


def _channels(result: NormalizationResult) -> dict[str, Any]:
    batch, used = result.inputs.moments, result.used
    return {
        "input_mean": batch.mean,
        "input_biased_var": batch.biased_var,
        "used_mean": used.mean,
        "used_var": used.var,
        "weight": used.weight,
        "bias": used.bias,
        "output_mean": result.output.mean,
        "output_biased_var": result.output.biased_var,
        "output_min": result.output.minimum,
        "output_max": result.output.maximum,
        "is_var_beyond_float64": batch.is_var_beyond_float64,
        "num_nan": result.inputs.value_range.num_nan,
        "num_inf": result.inputs.value_range.num_inf,
    }


def _running(result: NormalizationResult) -> dict[str, Any] | None:
    if result.before.running is None or result.after.running is None:
        return None
    return {"before": _statistics(result.before.running), "after": _statistics(result.after.running)}


def _statistics(running: RunningStatistics) -> dict[str, Any]:
    return {"mean": running.mean, "var": running.var, "num_batches_tracked": running.num_batches_tracked}

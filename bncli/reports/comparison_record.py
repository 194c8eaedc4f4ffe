"""The report of `diff` for programs: what the schema `diff` describes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bncli.reports import comparison_fields
from bncli.reports.comparison_story import story
from bncli.reports.verdict_texts import VERDICT_TEXTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bncli.analysis.comparison import Comparison, LayerChange
    from bncli.core.batch_norm_layer import Checkpoint
    from bncli.reports.inference import Inference


def comparison_record(
    checkpoints: tuple[Checkpoint, Checkpoint],
    comparison: Comparison,
    shown: Sequence[LayerChange],
    inferences: Sequence[Inference],
) -> dict[str, Any]:
    """Return the record of schema `diff`: both files, the layers to show, and what happened overall."""
    matching = comparison.matching
    return {
        "before": _file_record(checkpoints[0]),
        "after": _file_record(checkpoints[1]),
        "layers": [_change_record(change) for change in shown],
        "added": [layer.name for layer in matching.added],
        "removed": [layer.name for layer in matching.removed],
        "reshaped": [
            {"name": pair.after.name, "before": pair.before.num_features, "after": pair.after.num_features}
            for pair in matching.reshaped
        ],
        "renames": [
            {"before": rename.before, "after": rename.after, "num_layers": rename.num_layers}
            for rename in matching.renames
        ],
        "forensics": [inference.record() for inference in inferences],
        "summary": {
            "story": story(comparison),
            "are_equal": comparison.are_equal,
            "num_layers": len(comparison.changes),
            "verdicts": {str(verdict): count for verdict, count in comparison.verdict_counts().items()},
        },
    }


def _file_record(checkpoint: Checkpoint) -> dict[str, Any]:
    return {
        "path": str(checkpoint.path),
        "format": checkpoint.format,
        "num_layers": len(checkpoint.layers),
        "skipped": [{"name": skipped.name, "reason": skipped.reason} for skipped in checkpoint.skipped],
    }


def _change_record(change: LayerChange) -> dict[str, Any]:
    before, after = change.pair.before, change.pair.after
    return {
        "name": after.name,
        "name_before": before.name,
        "matched_by": change.pair.basis,
        "num_features": after.num_features,
        "verdict": str(change.verdict),
        "code": VERDICT_TEXTS[change.verdict].code,
        "delta_num_batches_tracked": change.movement.delta,
        "mean_shift": comparison_fields.median_shift(change),
        "mean_shift_max": comparison_fields.largest_shift(change),
        "var_ratio": comparison_fields.median_ratio(change),
        "var_ratio_min": comparison_fields.smallest_ratio(change),
        "var_ratio_max": comparison_fields.largest_ratio(change),
        "weight_change": change.weight_change,
        "bias_change": change.bias_change,
        "between_ranks": comparison_fields.between_ranks(change),
        "num_broken": change.num_broken,
        "dtypes": [before.dtype, after.dtype],
        "settings_differ": change.settings_differ,
    }

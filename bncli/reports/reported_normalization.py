"""What the report of `normalize` is made from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from pathlib import Path

    from bncli.analysis.normalization_run import NormalizationResult
    from bncli.analysis.torch_deviation import TorchDeviation
    from bncli.analysis.train_eval_gap import TrainEvalGap
    from bncli.core.batch_norm_layer import Setting
    from bncli.core.named_arrays import Array


@dataclass(frozen=True, slots=True, eq=False)
class NormalizationReport:
    """A finished run together with what was asked for beside it."""

    result: NormalizationResult
    eps: Setting[float]
    momentum: Setting[float | None]
    layer_name: str | None = None
    """Layer of the checkpoint whose state was used; `None` without a checkpoint."""
    gap: TrainEvalGap | None = None
    """Train mode beside eval mode, where asked for."""
    deviation: TorchDeviation | None = None
    """torch beside exact, where asked for."""
    output_path: Path | None = None
    """Where the output array was saved."""
    values: tuple[Array, Array] | None = None
    """The arrays before and after, where asked for."""

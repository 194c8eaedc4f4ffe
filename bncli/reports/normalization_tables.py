"""The tables of `normalize`: one row for each channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from bncli.analysis.gap_size import GapSize, gap_sizes
from bncli.analysis.normalization_run import compared_layer
from bncli.reports.document import Cell, Column, Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from bncli.analysis.normalization_run import NormalizationResult
    from bncli.analysis.torch_deviation import TorchDeviation
    from bncli.analysis.train_eval_gap import TrainEvalGap
    from bncli.core.running_statistics import RunningStatistics
    from bncli.reports.document import Tone

Entry: TypeAlias = "tuple[Column, NDArray[Any]]"

_CHANNEL = Column("channel", "channel", "integer", "index of the channel, from 0")
_TONES: Mapping[GapSize, Tone] = {
    GapSize.NONE: "good",
    GapSize.NOTABLE: "notice",
    GapSize.LARGE: "bad",
    GapSize.NO_VALUES: "muted",
}


def channel_table(result: NormalizationResult) -> Table:
    """Return the statistics of the input, those used, and those of the output."""
    batch, used = result.inputs.moments, result.used
    entries = [
        _entry("input_mean", "batch mean", "mean of the input", 1, batch.mean),
        _entry("input_biased_var", "batch var", "variance of the input, ddof 0", 1, batch.biased_var),
    ]
    if result.settings.mode == "eval":
        entries += [
            _entry("used_mean", "used mean", "mean that was taken off", 2, used.mean),
            _entry("used_var", "used var", "variance that was divided by", 2, used.var),
        ]
    entries += [
        _entry("output_mean", "output mean", "mean of the output", 3, result.output.mean),
        _entry("output_biased_var", "output var", "variance of the output, ddof 0", 3, result.output.biased_var),
        _entry("output_min", "output min", "smallest output value", 4, result.output.minimum),
        _entry("output_max", "output max", "largest output value", 4, result.output.maximum),
    ]
    return _table("", entries)


def running_table(before: RunningStatistics, after: RunningStatistics) -> Table:
    """Return the running statistics before and after the training steps."""
    return _table(
        "running statistics",
        [
            _entry("running_mean_before", "mean before", "running mean before the run", 2, before.mean),
            _entry("running_mean_after", "mean after", "running mean after the run", 1, after.mean),
            _entry("running_var_before", "var before", "running variance before the run", 2, before.var),
            _entry("running_var_after", "var after", "running variance after the run", 1, after.var),
        ],
    )


def gap_table(gap: TrainEvalGap, result: NormalizationResult) -> Table:
    """Return train mode beside eval mode."""
    entries: list[Entry] = []
    running = compared_layer(result).running
    if running is not None:
        batch = result.inputs.moments
        entries = [
            _entry("batch_mean", "train mean", "mean that train mode uses: the batch's", 2, batch.mean),
            _entry("running_mean", "eval mean", "mean that eval mode uses: the running one", 2, running.mean),
            _entry("batch_var", "train var", "variance that train mode uses, ddof 0", 3, batch.biased_var),
            _entry("running_var", "eval var", "variance that eval mode uses", 3, running.var),
        ]
    entries += [
        _entry("r", "r", "batch std / running std; 1 without a gap", 0, gap.r),
        _entry("d", "d", "(batch mean - running mean) / running std; 0 without a gap", 0, gap.d),
        _entry("z", "z", "|d| * sqrt(independent values); above 6 is no chance", 1, gap.z),
        _entry("output_gap", "output gap", "||y_train - y_eval|| / ||y_eval||", 0, gap.output_gap),
    ]
    table = _table("train beside eval", entries)
    size = Column("gap", "gap", "text", "none, notable or large, by limits of r and d beyond chance", priority=0)
    cells = (Cell(str(size), _TONES[size]) for size in gap_sizes(gap))
    rows = tuple((*row, cell) for row, cell in zip(table.rows, cells, strict=True))
    return Table((*table.columns, size), rows, title=table.title)


def deviation_table(deviation: TorchDeviation) -> Table:
    """Return torch's distance from exact results, in units in the last place."""
    table = _table(
        "torch's distance from exact, in units in the last place",
        [
            _entry("mean_ulp", "batch mean", "mean of the batch, in torch's own precision", 1, deviation.mean_ulp),
            _entry("var_ulp", "batch var", "variance of the batch, ddof 1, likewise", 1, deviation.var_ulp),
            _entry("output_ulp", "output", "largest of the output, in units of max(|y|, 1)", 0, deviation.output_ulp),
            _entry("condition", "condition", "sqrt(1 + mean^2/var): magnifies rounding", 2, deviation.condition),
        ],
    )
    why = Column("cause", "why", "text", "what makes the distance; explained beneath", priority=0)
    rows = tuple((*row, str(cause)) for row, cause in zip(table.rows, deviation.causes, strict=True))
    return Table((*table.columns, why), rows, title=table.title)


def _entry(key: str, title: str, meaning: str, priority: int, values: NDArray[Any]) -> Entry:
    return Column(key, title, "number", meaning, priority=priority), values


def _table(title: str, entries: list[Entry]) -> Table:
    by_channel = zip(*(values.tolist() for _, values in entries), strict=True)
    rows = tuple((channel, *values) for channel, values in enumerate(by_channel))
    return Table((_CHANNEL, *(column for column, _ in entries)), rows, title=title)

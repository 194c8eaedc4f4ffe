"""The columns of the comparison table: one row for each layer that both checkpoints have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bncli.analysis.rank_files import pooled_statistics
from bncli.analysis.verdicts import Verdict
from bncli.core.median import median
from bncli.reports.arrangement import Field, field_of
from bncli.reports.document import Cell
from bncli.reports.verdict_texts import VERDICT_TEXTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from bncli.analysis.comparison import LayerChange


_ORDER = {verdict: position for position, verdict in enumerate(Verdict)}


def median_shift(change: LayerChange) -> float | None:
    """Return the median over the channels of the distance that the mean moved, in sigma."""
    return _over(np.abs(change.mean_shift), median)


def largest_shift(change: LayerChange) -> float | None:
    """Return the greatest distance that the mean of a channel moved, in sigma."""
    return _over(np.abs(change.mean_shift), np.max)


def median_ratio(change: LayerChange) -> float | None:
    """Return the median over the channels of the second variance over the first."""
    return _over(change.var_ratio, median)


def smallest_ratio(change: LayerChange) -> float | None:
    """Return the smallest ratio of variances of a channel."""
    return _over(change.var_ratio, np.min)


def largest_ratio(change: LayerChange) -> float | None:
    """Return the greatest ratio of variances of a channel."""
    return _over(change.var_ratio, np.max)


def between_ranks(change: LayerChange) -> float | None:
    """Return the median part of the pooled variance that lies between two ranks; `None` where the files are none."""
    if change.verdict is not Verdict.RANKS_DISAGREE:
        return None
    return _over(pooled_statistics(change.pair.before, change.pair.after).between_fraction, median)


def _over(values: NDArray[np.float64], reduce: Callable[[NDArray[np.float64]], object]) -> float | None:
    defined = values[~np.isnan(values)]
    with np.errstate(over="ignore"):  # the mean of the two largest floats is no float
        return float(reduce(defined)) if defined.size else None  # type: ignore[arg-type]


def worst_first(change: LayerChange) -> tuple[float, ...]:
    """Return a sort key: broken layers, then by verdict, then the greatest shift."""
    return (-change.num_broken, _ORDER[change.verdict], -(largest_shift(change) or 0.0))


def _verdict(change: LayerChange) -> Cell:
    text = VERDICT_TEXTS[change.verdict]
    return Cell(f"{change.verdict} {text.shown_code or ''}".rstrip(), text.tone)


def _remarks(change: LayerChange) -> Cell:
    return Cell(", ".join(_remark_texts(change)), "bad" if change.num_broken else "plain")


def _remark_texts(change: LayerChange) -> Iterator[str]:
    before, after = change.pair.before, change.pair.after
    if change.num_broken:
        yield f"{change.num_broken} no longer finite"
    if change.pair.basis == "structure":
        yield f"was {before.label}"
    if before.dtype != after.dtype:
        yield f"{before.dtype} to {after.dtype}"
    if change.settings_differ:
        yield "eps or momentum differ"


COMPARISON_FIELDS: tuple[Field[LayerChange], ...] = (
    field_of("layer", "layer", "text", "name in the second file, without shared containers", 0,
             lambda c: c.pair.after.label),
    field_of("verdict", "verdict", "text", "what happened to the layer", 0, _verdict),
    field_of("num_features", "C", "integer", "number of channels", 5, lambda c: c.pair.after.num_features),
    field_of("delta_num_batches_tracked", "updates", "integer", "difference of num_batches_tracked", 1,
             lambda c: c.movement.delta),
    field_of("mean_shift", "mean shift", "number",
             "distance the running mean moved, in sigma = sqrt(running_var + eps) of the first file; median channel", 1,
             median_shift),
    field_of("mean_shift_max", "max shift", "number", "the same, of the channel that moved farthest", 2, largest_shift),
    field_of("var_ratio", "var ratio", "number", "second running variance over the first; median channel", 1,
             median_ratio),
    field_of("var_ratio_min", "min ratio", "number", "the same, of the channel that shrank most", 4, smallest_ratio),
    field_of("var_ratio_max", "max ratio", "number", "the same, of the channel that grew most", 4, largest_ratio),
    field_of("weight_change", "weight change", "number",
             "root mean square of the change of weight over that of the first weight", 3, lambda c: c.weight_change),
    field_of("bias_change", "bias change", "number",
             "root mean square of the change of bias over that of the first weight", 3, lambda c: c.bias_change),
    field_of("between_ranks", "between ranks", "number",
             "part of the variance of both ranks pooled that lies between their means; median channel", 2,
             between_ranks),
    field_of("remarks", "remarks", "text", "values that broke, other names, other element types or settings", 2,
             _remarks),
)  # fmt: skip


def default_columns(changes: Sequence[LayerChange]) -> tuple[str, ...]:
    """Return the columns that are shown where none are asked for: that of ranks only where there are some."""
    hidden = set() if any(change.verdict is Verdict.RANKS_DISAGREE for change in changes) else {"between_ranks"}
    return tuple(field.column.key for field in COMPARISON_FIELDS if field.column.key not in hidden)

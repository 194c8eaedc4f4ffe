"""The plot of a comparison: how far the statistics moved, by depth."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bncli.reports.comparison_fields import median_ratio, median_shift
from bncli.reports.document import Line, Plot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bncli.analysis.comparison import Comparison

FEWEST_LAYERS = 3
"""With fewer layers there is no depth to speak of."""


def shift_plot(comparison: Comparison) -> Iterator[Plot]:
    """Yield the shift of the mean and the change of the variance of each layer, in order; nothing if none moved."""
    changes = comparison.changes
    if len(changes) < FEWEST_LAYERS or not any(change.movement.statistics_moved for change in changes):
        return
    shifts = [median_shift(change) for change in changes]
    ratios = [median_ratio(change) for change in changes]
    yield Plot(
        title="Shift of the statistics by depth, median channel of each layer",
        x_label="layer, in the order of the second file",
        x=tuple(float(index) for index in range(len(changes))),
        lines=(
            Line("mean, in sigma of the first file", tuple(math.nan if shift is None else shift for shift in shifts)),
            Line("|ln(variance ratio)|", tuple(_log_size(ratio) for ratio in ratios)),
        ),
    )


def _log_size(ratio: float | None) -> float:
    return abs(math.log(ratio)) if ratio is not None and ratio > 0 else math.nan

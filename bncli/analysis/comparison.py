"""What happened to every layer between two checkpoints: which quantities moved, and how far."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from bncli.analysis.counted_updates import updates_between
from bncli.analysis.layer_matching import match
from bncli.analysis.stored_equality import are_equal, stored_dtype
from bncli.analysis.verdicts import Movement, Verdict, in_company
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bncli.analysis.layer_matching import Matching
    from bncli.analysis.layer_pair import LayerPair
    from bncli.core.batch_norm_layer import BatchNormLayer
    from bncli.core.named_arrays import Array

    FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class LayerChange:
    """One layer in two checkpoints."""

    pair: LayerPair
    movement: Movement
    verdict: Verdict
    mean_shift: FloatArray
    """Change of the running mean over the first file's `sqrt(running_var + eps)`, shape (C,); NaN where undefined."""
    var_ratio: FloatArray
    """Second running variance over the first, shape (C,); NaN where the first is not above 0."""
    weight_change: float | None
    """Root mean square of the change over that of the first weight; `None` without weights, or if those are all 0."""
    bias_change: float | None
    """Root mean square of the change over that of the first weight: the bias acts beside `weight * x`."""
    num_broken: int
    """Channels with a value that is finite in the first file and not in the second."""

    @property
    def settings_differ(self) -> bool:
        """Whether both files store eps or momentum, and not the same."""
        before, after = self.pair.before, self.pair.after
        return any(
            some.source == other.source == "stored" and some.value != other.value
            for some, other in ((before.eps, after.eps), (before.momentum, after.momentum))
        )

    @property
    def is_unchanged(self) -> bool:
        """Whether both files hold the same layer, up to their element types and to a counter that one has not."""
        return self.verdict in {Verdict.IDENTICAL, Verdict.FULLY_FROZEN} and not self.settings_differ


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Two checkpoints side by side."""

    matching: Matching
    changes: tuple[LayerChange, ...]
    """One for each pair of layers, in the order of the second file."""

    @property
    def are_equal(self) -> bool:
        """Whether both hold the same layers with the same values."""
        matching = self.matching
        is_complete = not (matching.added or matching.removed or matching.reshaped)
        return is_complete and all(change.is_unchanged for change in self.changes)

    def verdict_counts(self) -> dict[Verdict, int]:
        """Return how many layers have each verdict that occurs, the most alarming first."""
        counts = Counter(change.verdict for change in self.changes)
        return {verdict: counts[verdict] for verdict in Verdict if verdict in counts}


def compare(
    before: Sequence[BatchNormLayer], after: Sequence[BatchNormLayer], *, are_ranks: bool = False
) -> Comparison:
    """Return what happened between the layers of two checkpoints.

    Args:
        before: layers of the first file.
        after: layers of the second.
        are_ranks: whether both files are known to be ranks of one run.
    """
    matching = match(before, after)
    movements = tuple(movement_of(pair) for pair in matching.pairs)
    verdicts = in_company(movements, are_ranks=are_ranks)
    changes = map(_change, matching.pairs, movements, verdicts)
    return Comparison(matching, tuple(changes))


def movement_of(pair: LayerPair) -> Movement:
    """Return what differs in one layer, as the element types of both files tell it."""
    before, after = pair.before, pair.after
    counters = before.num_batches_tracked, after.num_batches_tracked
    return Movement(
        delta=updates_between(before, after),
        statistics_moved=not (_is_same(pair, "running_mean") and _is_same(pair, "running_var")),
        affine_moved=not (_is_same(pair, "weight") and _is_same(pair, "bias")),
        has_affine=any(array is not None for array in (before.weight, before.bias, after.weight, after.bias)),
        counter_became_float=isinstance(counters[0], int) and isinstance(counters[1], float),
    )


def _is_same(pair: LayerPair, role: str) -> bool:
    """Return whether both files hold the same numbers in one role."""
    before, after = _stored(pair.before, pair.after, role), _stored(pair.after, pair.before, role)
    if before is None or after is None:
        return True
    return are_equal(before[0], after[0], (before[1], after[1]))


def _stored(layer: BatchNormLayer, other: BatchNormLayer, role: str) -> tuple[Array, str] | None:
    """Return an array with its element type; a weight that only the other layer has is 1 here, a bias 0."""
    array = getattr(layer, role)
    if array is not None:
        return array, stored_dtype(layer, array)
    twin = getattr(other, role)
    return None if twin is None else (np.full_like(twin, role == "weight"), stored_dtype(other, twin))


def _change(pair: LayerPair, movement: Movement, verdict: Verdict) -> LayerChange:
    before, after = pair.before, pair.after
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        mean, var = before.running_mean.astype(np.float64), before.running_var.astype(np.float64)
        sigma = np.sqrt(var + before.eps.value)
        return LayerChange(
            pair=pair,
            movement=movement,
            verdict=verdict,
            mean_shift=_finite((after.running_mean.astype(np.float64) - mean) / sigma),
            var_ratio=_finite(np.where(var > 0, after.running_var.astype(np.float64) / var, np.nan)),
            weight_change=_relative_change(_weight(before), _weight(after), _weight(before)),
            bias_change=_relative_change(_bias(before), _bias(after), _weight(before)),
            num_broken=_num_broken(before, after),
        )


def _finite(values: FloatArray) -> FloatArray:
    return np.where(np.isfinite(values), values, np.nan)


def _weight(layer: BatchNormLayer) -> FloatArray | None:
    return None if layer.weight is None else layer.weight.astype(np.float64)


def _bias(layer: BatchNormLayer) -> FloatArray | None:
    return None if layer.bias is None else layer.bias.astype(np.float64)


def _relative_change(before: FloatArray | None, after: FloatArray | None, unit: FloatArray | None) -> float | None:
    """Return the root mean square of a change over that of a unit; `None` where there is nothing to compare."""
    if before is None or after is None or not before.size:
        return None
    size = 1.0 if unit is None else float(np.sqrt(np.mean(np.square(unit))))
    change = float(np.sqrt(np.mean(np.square(after - before))))
    return change / size if size > 0 and np.isfinite(change / size) else None


def _num_broken(before: BatchNormLayer, after: BatchNormLayer) -> int:
    """Return how many channels hold only finite values in the first file and others in the second."""

    def finite_channels(layer: BatchNormLayer) -> NDArray[np.bool_]:
        are_finite = np.ones(layer.num_features, bool)
        for array in (layer.running_mean, layer.running_var, layer.weight, layer.bias):
            are_finite &= True if array is None else np.isfinite(array)
        return are_finite

    return int((finite_channels(before) & ~finite_channels(after)).sum())

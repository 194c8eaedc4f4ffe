"""What counters tell about the checkpoint that a training started from: layers that came along have counted longer."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bncli.core.batch_norm_layer import BatchNormLayer

_MOST_STAGES = 4
"""More counters than this in a file come from something else than stages, such as layers that not every step runs."""
_SMALLEST_STAGE = 0.01
"""Counters that are nearer to each other than this part of the larger one differ by a warm-up or a skipped step."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Layers that share one counter."""

    num_batches_tracked: int
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ancestry:
    """A training in stages, of which each brought new layers that started at 0."""

    stages: tuple[Stage, ...]
    """Two or more, those with the greatest counter first: the oldest layers."""

    @property
    def parent_counters(self) -> tuple[int, ...]:
        """What the older layers had counted when the newest joined them: the parent checkpoint's own counters."""
        newest = self.stages[-1].num_batches_tracked
        return tuple(stage.num_batches_tracked - newest for stage in self.stages[:-1])

    @property
    def stage_updates(self) -> tuple[int, ...]:
        """Updates of each stage, the first one first."""
        counters = [stage.num_batches_tracked for stage in self.stages] + [0]
        return tuple(older - newer for older, newer in pairwise(counters))


def ancestry(layers: Sequence[BatchNormLayer]) -> Ancestry | None:
    """Return the stages that the counters of one file tell of; `None` where they tell of a single one, or of none.

    That the newest layers started at 0 when the last stage began is the reading; layers that stood in eval mode for
    part of a single training leave the same counters.
    """
    by_counter: dict[int, list[str]] = {}
    for layer in layers:
        counter = layer.num_batches_tracked
        if isinstance(counter, int) and counter > 0:
            by_counter.setdefault(counter, []).append(layer.label)
    counters = sorted(by_counter, reverse=True)
    are_apart = all(older - newer >= _SMALLEST_STAGE * older for older, newer in pairwise(counters))
    if not (1 < len(counters) <= _MOST_STAGES and are_apart) or _are_copies(by_counter.values()):
        return None
    return Ancestry(tuple(Stage(counter, tuple(by_counter[counter])) for counter in counters))


def _are_copies(groups: Iterable[Sequence[str]]) -> bool:
    """Return whether two groups are the same network twice, such as a model beside its moving average."""
    networks = [frozenset(label.partition(".")[2] or label for label in labels) for labels in groups]
    return len(set(networks)) < len(networks)


def parent_difference(before: Sequence[BatchNormLayer], after: Sequence[BatchNormLayer]) -> tuple[int, int] | None:
    """Return two counters of the second file whose difference is the first file's counter, the greater one first.

    They name the first file as the checkpoint that the second was trained on from. `None` where the first file has
    several counters, or the second no such two.
    """
    counters = {layer.num_batches_tracked for layer in before}
    found = ancestry(after)
    if found is None or len(counters) != 1:
        return None
    newest = found.stages[-1].num_batches_tracked
    older = (parent + newest for parent in found.parent_counters if parent in counters)
    return next(((counter, newest) for counter in older), None)

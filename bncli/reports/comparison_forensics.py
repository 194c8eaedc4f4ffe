"""What two checkpoints together tell of the training between them, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bncli.analysis.ancestry import parent_difference
from bncli.analysis.dead_variance import is_dead
from bncli.analysis.decay_momentum import momentum_from_decay
from bncli.analysis.provenance import provenance
from bncli.analysis.repeated_updates import repeated_updates
from bncli.core.momentum import doubled
from bncli.reports.checkpoint_forensics import provenance_inference
from bncli.reports.inference import Inference
from bncli.reports.layer_group import layer_group
from bncli.wording import MOST_NAMED, count, listed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from bncli.analysis.comparison import Comparison
    from bncli.analysis.decay_momentum import DecayMomentum
    from bncli.analysis.repeated_updates import RepeatedUpdates
    from bncli.core.batch_norm_layer import Checkpoint


def comparison_inferences(
    before: Checkpoint, after: Checkpoint, comparison: Comparison, array_names: Collection[str] = ()
) -> tuple[Inference, ...]:
    """Return what two files tell of what lies between them.

    Args:
        before: the first file, all of its layers.
        after: the second.
        comparison: both side by side.
        array_names: names of all arrays of the second file.
    """
    return tuple(_inferences(before, after, comparison, array_names))


def _inferences(
    before: Checkpoint, after: Checkpoint, comparison: Comparison, array_names: Collection[str]
) -> Iterator[Inference]:
    counters = parent_difference(before.layers, after.layers)
    if counters is not None:
        yield _parent(*counters)
    for repeated in repeated_updates({each.pair.after.label: each.movement.delta for each in comparison.changes}):
        yield _repeated(repeated, [layer.label for layer in after.layers])
    if not comparison.are_equal:
        for found in provenance(after.layers, array_names):
            yield provenance_inference(found, [layer.label for layer in after.layers])
    momentum = momentum_from_decay((pair.before, pair.after) for pair in comparison.matching.pairs)
    if momentum is not None:
        yield _momentum(momentum)
    yield from _deaths(comparison)


def _parent(older: int, newest: int) -> Inference:
    return Inference(
        "lineage",
        "The second file was trained on from the first, or from one with the same counter.",
        f"Counters of the second: {older:,} - {newest:,} = {older - newest:,}, and that is the first file's.",
        "A counter tells how many updates there were, not which.",
        {"parent_counters": [older - newest], "num_updates_since": newest},
    )


def _repeated(found: RepeatedUpdates, labels: list[str]) -> Inference:
    who = layer_group(found.labels, labels)
    twice = f" A momentum of 0.1 acts as {doubled(0.1):.2g}." if found.times == 2 else ""  # noqa: PLR2004 - twice is the common case
    return Inference(
        "lineage",
        f"{who} counted {found.times} updates for each one of the others.",
        f"A layer that runs {found.times} times in a step does: by activation checkpointing, or used at several "
        f"places.{twice}",
        "The others may as well have been in eval mode for part of the time.",
        {"code": "BN205", "times": found.times, "num_layers": len(found.labels)},
        "notice",
    )


def _momentum(found: DecayMomentum) -> Inference:
    if found.is_cumulative:
        statement = "The running statistics were cumulative averages (momentum None)."
        evidence = f"The variances of {found.num_channels} dead channels fell as the counters grew, by T1 / T2."
    else:
        middle = (found.low + found.high) / 2
        statement = f"The weight of the new batch was {middle:.4g} (from {found.low:.6g} to {found.high:.6g})."
        evidence = (
            f"The variances of {found.num_channels} channels fell by the same factor: dead ones, by 1 - momentum."
        )
    return Inference(
        "momentum",
        statement,
        evidence,
        "Of a scheduled momentum this is the mean; where weight decay drove the fall, the momentum is greater.",
        {
            "momentum_low": found.low,
            "momentum_high": found.high,
            "num_channels": found.num_channels,
            "is_cumulative": found.is_cumulative,
        },
    )


def _deaths(comparison: Comparison) -> Iterator[Inference]:
    """Yield the channels that are alive in the first file and dead in the second."""
    died = [
        (change.pair.after.label, channel)
        for change in comparison.changes
        for channel in np.flatnonzero(is_dead(change.pair.after) & ~is_dead(change.pair.before)).tolist()
    ]
    if died:
        named = listed([f"{label}[{channel}]" for label, channel in died], most=MOST_NAMED)
        yield Inference(
            "death",
            f"{count(len(died), 'channel')} died between the files: {named}.",
            "The variance fell to where nothing but the decay of the running average leads.",
            "Nothing reaches such a channel any more, or its filter is constant.",
            {"dead_channels": [{"layer": label, "channel": channel} for label, channel in died]},
            "notice",
        )

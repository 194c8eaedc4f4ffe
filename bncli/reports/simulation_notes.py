"""What a reader of a simulation must be told beside the numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bncli.reports.document import Note
from bncli.reports.simulation_tables import momentum_label

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bncli.analysis.momentum_study import MomentumStudy

NOTABLE_BETWEEN_FRACTION = 0.2
"""Part of a variance between batches that is more than chance makes of a handful of them."""
_MOST_CHANNELS_NAMED = 8


def notes(study: MomentumStudy) -> Iterator[Note]:
    """Yield the notes: broken batches, variance that no running average sees, buffers that are frozen."""
    broken = np.flatnonzero(~np.isfinite(study.population.mean) | ~np.isfinite(study.population.var))
    if broken.size:
        named = ", ".join(map(str, broken[:_MOST_CHANNELS_NAMED]))
        more = ", ..." if broken.size > _MOST_CHANNELS_NAMED else ""
        yield Note(
            f"Batches hold NaN or infinity in channel {named}{more}: one such value stays in the running statistics "
            "for good.",
            "bad",
        )
    yield from _between_note(study)
    for run in study.runs:
        if run.frozen is not None:
            buffers = f"momentum {momentum_label(run.forms.momentum)}, {study.settings.dtype} running"
            yield from _frozen_note(f"{buffers} mean", run.frozen.mean_since)
            yield from _frozen_note(f"{buffers} variance", run.frozen.var_since)


def _between_note(study: MomentumStudy) -> Iterator[Note]:
    fractions = np.nan_to_num(study.between_fraction)
    channel = int(np.argmax(fractions))
    if fractions[channel] > NOTABLE_BETWEEN_FRACTION:
        yield Note(
            f"{fractions[channel]:.0%} of the variance of channel {channel} lies between batches, by their means. "
            "A running variance averages the variances within batches and never sees it, whatever the momentum.",
            "bad",
        )


def _frozen_note(buffer: str, since: tuple[int | None, ...]) -> Iterator[Note]:
    frozen = [(step, channel) for channel, step in enumerate(since) if step is not None]
    if frozen:
        step, channel = min(frozen)
        yield Note(
            f"Frozen: {buffer} of {len(frozen)} of {len(since)} channels, first that of channel {channel}, which last "
            f"moved in step {step}. Its updates are smaller than the precision of the buffer.",
            "bad",
        )

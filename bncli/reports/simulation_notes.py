"""What a reader of a simulation must be told beside the numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bncli.reports.document import Note
from bncli.reports.simulation_tables import momentum_label
from bncli.wording import MOST_NAMED, listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bncli.analysis.momentum_study import LostUpdates, MomentumStudy

NOTABLE_BETWEEN_FRACTION = 0.2
"""Part of a variance between batches that is more than chance makes of a handful of them."""
NOTABLE_LOST_FRACTION = 0.5
"""Part of a buffer's updates that rounding has lost: when it is most of them, the buffer no longer averages."""


def notes(study: MomentumStudy) -> Iterator[Note]:
    """Yield the notes: broken batches, variance that no running average sees, buffers that lose updates."""
    broken = np.flatnonzero(~np.isfinite(study.population.mean) | ~np.isfinite(study.population.var))
    if broken.size:
        named = listed([str(channel) for channel in broken.tolist()], most=MOST_NAMED)
        yield Note(
            f"Batches hold NaN or infinity in channel {named}: one such value stays in the running statistics "
            "for good.",
            "bad",
        )
    yield from _between_note(study)
    for run in study.runs:
        buffers = f"Momentum {momentum_label(run.forms.momentum)}, {study.settings.dtype} running"
        yield from _lost_note(f"{buffers} mean", run.lost_mean_updates)
        yield from _lost_note(f"{buffers} variance", run.lost_var_updates)


def _between_note(study: MomentumStudy) -> Iterator[Note]:
    fractions = np.nan_to_num(study.between_fraction)
    channel = int(np.argmax(fractions))
    if fractions[channel] > NOTABLE_BETWEEN_FRACTION:
        yield Note(
            f"{fractions[channel]:.0%} of the variance of channel {channel} lies between batches, by their means. "
            "A running variance averages the variances within batches and never sees it, whatever the momentum.",
            "bad",
        )


def _lost_note(buffer: str, lost: LostUpdates | None) -> Iterator[Note]:
    """Yield a note where rounding has lost most updates of some channel."""
    if lost is None or (fraction := lost.fraction.max()) < NOTABLE_LOST_FRACTION:
        return
    channel = int(np.argmax(lost.fraction))
    yield Note(
        f"{buffer}: {fraction:.0%} of the updates of channel {channel} were lost, being smaller than half the spacing "
        f"of the buffer's numbers{_frozen_text(lost.frozen_since)}.",
        "bad",
    )


def _frozen_text(frozen_since: Sequence[int | None]) -> str:
    """Return how many channels stand still, and since when; nothing where all still move."""
    frozen = [step for step in frozen_since if step is not None]
    if not frozen:
        return ""
    since = f"since step {min(frozen):,}" if min(frozen) else "since the start"
    if len(frozen_since) == 1:
        return f", and it stands still {since}"
    return f"; {len(frozen)} of {len(frozen_since)} channels stand still, the first {since}"

"""What happened between two checkpoints, in a sentence or two."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bncli.analysis.verdicts import Verdict
from bncli.reports.layer_group import layer_group
from bncli.reports.verdict_texts import VERDICT_TEXTS
from bncli.wording import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bncli.analysis.comparison import Comparison, LayerChange

_WITH_SHIFT = {Verdict.LEAKY_FREEZE, Verdict.RANKS_DISAGREE, Verdict.RE_ESTIMATED, Verdict.TRAINED}
"""Verdicts of which the size of the shift tells how much it matters."""


def story(comparison: Comparison) -> str:
    """Return what happened to which layers, the most alarming first."""
    if not comparison.changes:
        matching = comparison.matching
        is_any_left = matching.added or matching.removed or matching.reshaped
        return "the files have no layer in common" if is_any_left else "no layer was chosen"
    clauses = [_clause(comparison, verdict) for verdict in comparison.verdict_counts()]
    return "; ".join(clauses)


def _clause(comparison: Comparison, verdict: Verdict) -> str:
    changes = [change for change in comparison.changes if change.verdict is verdict]
    labels = [change.pair.after.label for change in changes]
    text = VERDICT_TEXTS[verdict]
    added = comparison.matching.added
    who = layer_group(labels, [*(change.pair.after.label for change in comparison.changes), *(a.label for a in added)])
    code = f" ({text.shown_code})" if text.shown_code else ""
    return f"{who}: {text.story}{code}{_size(changes, verdict)}"


def _size(changes: Sequence[LayerChange], verdict: Verdict) -> str:
    """Return by how many updates and how far the statistics moved."""
    if verdict not in _WITH_SHIFT:
        return ""
    sizes = [updates_text(changes)] if any(change.movement.delta for change in changes) else []
    shifts = np.concatenate([np.abs(change.mean_shift) for change in changes])
    defined = shifts[~np.isnan(shifts)]
    if defined.size:
        median = np.quantile(defined, 0.5, method="lower")
        are_ranks = verdict is Verdict.RANKS_DISAGREE
        shift = f"lie {median:.2g} sigma apart" if are_ranks else f"moved by {median:.2g} sigma"
        sizes.append(f"means {shift} in the median channel")
    return f" ({', '.join(sizes)})" if sizes else ""


def updates_text(changes: Sequence[LayerChange]) -> str:
    """Return the difference of the counters of some layers: `1,000 updates`, or the least and the greatest."""
    deltas = sorted({change.movement.delta for change in changes if change.movement.delta is not None})
    if not deltas:
        return "not counted"
    if len(deltas) == 1:
        return count(deltas[0], "update")
    return f"{deltas[0]:,} to {deltas[-1]:,} updates"

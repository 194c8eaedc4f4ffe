"""Which layers of a comparison a command speaks of: by their names in either file, and by their channels."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bncli.analysis.layer_selection import matches, require_matches

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bncli.analysis.channel_filter import ChannelFilter
    from bncli.analysis.comparison import Comparison
    from bncli.core.batch_norm_layer import BatchNormLayer


def select_changes(comparison: Comparison, globs: Sequence[str], where: ChannelFilter | None = None) -> Comparison:
    """Return the part of a comparison whose layers match any of the globs, under their old name or their new one.

    With a condition, only the layers that have a channel for which it holds, in either file.

    Args:
        comparison: all layers.
        globs: shell patterns for stored names or labels; none selects every layer.
        where: condition on channels; `None` selects every layer.

    Raises:
        InvalidUsage: a glob is longer than any name.
        InputNotFound: a glob matches no layer of either file.
    """
    if not globs and where is None:
        return comparison
    matching = comparison.matching
    pairs = [*matching.pairs, *matching.reshaped]
    layers = [layer for pair in pairs for layer in (pair.before, pair.after)] + [*matching.added, *matching.removed]
    require_matches(globs, layers, "no layer of either file")

    def is_chosen(*names: BatchNormLayer) -> bool:
        is_named = not globs or any(matches(layer, glob) for layer in names for glob in globs)
        return is_named and (where is None or any(where.matches(layer).any() for layer in names))

    chosen = replace(
        matching,
        pairs=tuple(pair for pair in matching.pairs if is_chosen(pair.before, pair.after)),
        reshaped=tuple(pair for pair in matching.reshaped if is_chosen(pair.before, pair.after)),
        added=tuple(filter(is_chosen, matching.added)),
        removed=tuple(filter(is_chosen, matching.removed)),
    )
    changes = tuple(change for change in comparison.changes if is_chosen(change.pair.before, change.pair.after))
    return replace(comparison, matching=chosen, changes=changes)

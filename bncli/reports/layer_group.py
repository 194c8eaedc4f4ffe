"""Names some layers of a network in a few words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.analysis.layer_path import shared_path

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


def layer_group(labels: Sequence[str], all_labels: Collection[str]) -> str:
    """Return `backbone (55 layers)` where the path is theirs alone, else `55 layers`; `all 70 layers` for all.

    A single one is named, after the word where it has digits for a name: `layer 1`.
    """
    if len(labels) == 1:
        return f"layer {labels[0]}" if labels[0].replace(".", "").isdigit() else labels[0]
    if len(labels) == len(all_labels):
        return f"all {len(labels)} layers"
    path = shared_path(labels, set(all_labels) - set(labels))
    return f"{len(labels)} layers" if path is None else f"{path} ({len(labels)} layers)"

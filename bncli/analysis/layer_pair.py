"""A layer and its counterpart in another checkpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bncli.core.batch_norm_layer import BatchNormLayer

Basis = Literal["name", "prefix", "structure"]
"""What a pair rests on: equal names, equal names behind another prefix, or the same place and number of channels."""


@dataclass(frozen=True, slots=True, eq=False)
class LayerPair:
    """The same layer in two checkpoints."""

    before: BatchNormLayer
    after: BatchNormLayer
    basis: Basis


def take_out(before: list[BatchNormLayer], after: list[BatchNormLayer], pairs: Sequence[LayerPair]) -> None:
    """Take the layers of some pairs out of the lists of those that have no counterpart yet."""
    taken_before, taken_after = {pair.before.name for pair in pairs}, {pair.after.name for pair in pairs}
    before[:] = [layer for layer in before if layer.name not in taken_before]
    after[:] = [layer for layer in after if layer.name not in taken_after]

"""Which layer of one checkpoint is which of another: by name, else under another prefix, else by order and width."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.analysis.layer_pair import LayerPair, take_out
from bncli.analysis.prefix_renames import Rename, renamed
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bncli.core.batch_norm_layer import BatchNormLayer


@dataclass(frozen=True, slots=True, eq=False)
class Matching:
    """Every layer of two checkpoints: in a pair, or on one side only."""

    pairs: tuple[LayerPair, ...]
    """In the order of the second checkpoint; both layers have the same number of channels."""
    reshaped: tuple[LayerPair, ...]
    """Layers of the same name with another number of channels."""
    added: tuple[BatchNormLayer, ...]
    removed: tuple[BatchNormLayer, ...]
    renames: tuple[Rename, ...]


def match(before: Sequence[BatchNormLayer], after: Sequence[BatchNormLayer]) -> Matching:
    """Return the pairs of layers of two checkpoints, and what is left over.

    Names go first, as stored and then as labels. What they leave is tried under other prefixes, the one that explains
    most layers first; what is left then is paired in order if both sides have the same sequence of numbers of channels.
    """
    open_before, open_after = list(before), list(after)
    pairs: list[LayerPair] = []
    for name_of in (_stored_name, _label):
        pairs += _take_pairs(open_before, open_after, name_of)
    behind_prefixes, renames = renamed(open_before, open_after)
    take_out(open_before, open_after, behind_prefixes)
    pairs += behind_prefixes
    pairs += _take_structure(open_before, open_after, is_alone=not pairs)
    position = {layer.name: index for index, layer in enumerate(after)}
    pairs.sort(key=lambda pair: position[pair.after.name])
    return Matching(
        pairs=tuple(pair for pair in pairs if pair.before.num_features == pair.after.num_features),
        reshaped=tuple(pair for pair in pairs if pair.before.num_features != pair.after.num_features),
        added=tuple(open_after),
        removed=tuple(open_before),
        renames=renames,
    )


def _stored_name(layer: BatchNormLayer) -> str:
    return layer.name


def _label(layer: BatchNormLayer) -> str:
    return layer.label


def _take_pairs(
    before: list[BatchNormLayer], after: list[BatchNormLayer], name_of: Callable[[BatchNormLayer], str]
) -> list[LayerPair]:
    """Take the layers of equal names out of both lists."""
    by_name = {name_of(layer): layer for layer in before}
    pairs = [LayerPair(by_name[name_of(layer)], layer, "name") for layer in after if name_of(layer) in by_name]
    take_out(before, after, pairs)
    return pairs


def _take_structure(before: list[BatchNormLayer], after: list[BatchNormLayer], *, is_alone: bool) -> list[LayerPair]:
    """Take all layers out of both lists if their numbers of channels are the same in the same order.

    A single layer left on each side tells too little, unless nothing else was paired (`is_alone`).
    """
    are_same = [layer.num_features for layer in before] == [layer.num_features for layer in after]
    if not are_same or (len(before) == 1 and not is_alone):
        return []
    pairs = [LayerPair(old, new, "structure") for old, new in zip(before, after, strict=True)]
    take_out(before, after, pairs)
    return pairs

"""Which layer of one checkpoint is which of another: by name, else under another prefix, else by order and width."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bncli.core.batch_norm_layer import BatchNormLayer

Basis = Literal["name", "prefix", "structure"]
"""What a pair rests on: equal names, equal names behind another prefix, or the same place and number of channels."""


@dataclass(frozen=True, slots=True, eq=False)
class LayerPair:
    """The same layer in two checkpoints."""

    before: BatchNormLayer
    after: BatchNormLayer
    basis: Basis


@dataclass(frozen=True, slots=True)
class Rename:
    """A prefix of names that stands in place of another."""

    before: str
    """Prefix in the first checkpoint; empty for none."""
    after: str
    num_layers: int


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
    renames: list[Rename] = []
    while (rename := _commonest_rename(open_before, open_after)) is not None:
        found = _take_renamed(open_before, open_after, rename)
        renames.append(Rename(*rename, len(found)))
        pairs += found
    pairs += _take_structure(open_before, open_after, is_alone=not pairs)
    position = {layer.name: index for index, layer in enumerate(after)}
    pairs.sort(key=lambda pair: position[pair.after.name])
    return Matching(
        pairs=tuple(pair for pair in pairs if pair.before.num_features == pair.after.num_features),
        reshaped=tuple(pair for pair in pairs if pair.before.num_features != pair.after.num_features),
        added=tuple(open_after),
        removed=tuple(open_before),
        renames=tuple(renames),
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
    _take(before, after, pairs)
    return pairs


def _commonest_rename(before: Sequence[BatchNormLayer], after: Sequence[BatchNormLayer]) -> tuple[str, str] | None:
    """Return the prefixes whose exchange makes most of the layers' names equal; `None` if none does for two layers."""
    votes: Counter[tuple[str, str]] = Counter()
    by_ending: dict[tuple[str, int], list[list[str]]] = {}
    for layer in before:
        parts = _parts(layer)
        by_ending.setdefault((parts[-1], layer.num_features), []).append(parts)
    for layer in after:
        parts = _parts(layer)
        for others in by_ending.get((parts[-1], layer.num_features), ()):
            shared = _num_shared_at_the_end(others, parts)
            votes[".".join(others[:-shared]), ".".join(parts[:-shared])] += 1
    rename, num_layers = max(votes.items(), key=lambda vote: vote[1], default=(None, 0))
    return rename if num_layers > 1 or (len(before) == 1 and len(after) == 1) else None


def _parts(layer: BatchNormLayer) -> list[str]:
    return re.split(r"[./]", layer.label)


def _num_shared_at_the_end(some: Sequence[str], others: Sequence[str]) -> int:
    shared = 0
    for part, other in zip(reversed(some), reversed(others), strict=False):
        if part != other:
            break
        shared += 1
    return shared


def _take_renamed(
    before: list[BatchNormLayer], after: list[BatchNormLayer], rename: tuple[str, str]
) -> list[LayerPair]:
    """Take the layers whose names are equal behind the two prefixes out of both lists."""
    old, new = rename
    by_rest = {_rest(layer, old): layer for layer in before}
    pairs = [
        LayerPair(by_rest[rest], layer, "prefix")
        for layer in after
        if (rest := _rest(layer, new)) is not None and rest in by_rest
    ]
    _take(before, after, pairs)
    return pairs


def _rest(layer: BatchNormLayer, prefix: str) -> str | None:
    """Return what follows a prefix in a layer's label; `None` if the label starts otherwise."""
    label = ".".join(_parts(layer))
    if not prefix:
        return label
    return label.removeprefix(f"{prefix}.") if label.startswith(f"{prefix}.") else None


def _take_structure(before: list[BatchNormLayer], after: list[BatchNormLayer], *, is_alone: bool) -> list[LayerPair]:
    """Take all layers out of both lists if their numbers of channels are the same in the same order.

    A single layer left on each side tells too little, unless nothing else was paired (`is_alone`).
    """
    are_same = [layer.num_features for layer in before] == [layer.num_features for layer in after]
    if not are_same or (len(before) == 1 and not is_alone):
        return []
    pairs = [LayerPair(old, new, "structure") for old, new in zip(before, after, strict=True)]
    _take(before, after, pairs)
    return pairs


def _take(before: list[BatchNormLayer], after: list[BatchNormLayer], pairs: Sequence[LayerPair]) -> None:
    taken_before, taken_after = {pair.before.name for pair in pairs}, {pair.after.name for pair in pairs}
    before[:] = [layer for layer in before if layer.name not in taken_before]
    after[:] = [layer for layer in after if layer.name not in taken_after]

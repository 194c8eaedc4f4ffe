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

_LEAST_EXPLAINED = 0.5
"""Part of the smaller file's unpaired layers that other prefixes must explain together."""
_LEAST_BY_ONE = 0.1
"""Part of them that each must explain."""
_FEWEST_BY_ONE = 2
"""Number of layers that each must explain, unless it explains all of a file's."""


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
    renamed, renames = _renamed(open_before, open_after)
    _take(open_before, open_after, renamed)
    pairs += renamed
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
    _take(before, after, pairs)
    return pairs


def _renamed(
    before: Sequence[BatchNormLayer], after: Sequence[BatchNormLayer]
) -> tuple[list[LayerPair], tuple[Rename, ...]]:
    """Return the layers whose names are equal behind other prefixes, and those prefixes.

    Both are empty if they explain less than half of the smaller file: bare numbers in the names of unrelated networks
    agree by chance.
    """
    open_before, open_after = list(before), list(after)
    pairs: list[LayerPair] = []
    renames: list[Rename] = []
    num_layers = min(len(before), len(after))
    fewest = max(_FEWEST_BY_ONE, _LEAST_BY_ONE * num_layers)
    while found := _best_rename(open_before, open_after, fewest):
        rename, explained = found
        renames.append(rename)
        pairs += explained
        _take(open_before, open_after, explained)
    is_enough = len(pairs) >= _LEAST_EXPLAINED * num_layers
    return (pairs, tuple(renames)) if is_enough else ([], ())


def _best_rename(
    before: Sequence[BatchNormLayer], after: Sequence[BatchNormLayer], fewest: float
) -> tuple[Rename, list[LayerPair]] | None:
    """Return the exchange of prefixes that makes most names equal; `None` if there is none for `fewest` layers.

    One that would make layers of different widths equal is none.
    """
    for (old, new), _ in _votes(before, after).most_common():
        pairs = _pairs_behind(before, after, (old, new))
        is_only_one = len(before) == len(after) == 1 or (len(before) == 1 and not old) or (len(after) == 1 and not new)
        if (is_only_one or len(pairs) >= fewest) and all(
            pair.before.num_features == pair.after.num_features for pair in pairs
        ):
            return Rename(old, new, len(pairs)), pairs
    return None


def _votes(before: Sequence[BatchNormLayer], after: Sequence[BatchNormLayer]) -> Counter[tuple[str, str]]:
    """Return for how many pairs of layers an exchange of prefixes makes the names equal."""
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
    return votes


def _parts(layer: BatchNormLayer) -> list[str]:
    return re.split(r"[./]", layer.label)


def _num_shared_at_the_end(some: Sequence[str], others: Sequence[str]) -> int:
    shared = 0
    for part, other in zip(reversed(some), reversed(others), strict=False):
        if part != other:
            break
        shared += 1
    return shared


def _pairs_behind(
    before: Sequence[BatchNormLayer], after: Sequence[BatchNormLayer], prefixes: tuple[str, str]
) -> list[LayerPair]:
    """Return the layers whose names are equal behind two prefixes."""
    by_rest = {_rest(layer, prefixes[0]): layer for layer in before}
    return [
        LayerPair(by_rest[rest], layer, "prefix")
        for layer in after
        if (rest := _rest(layer, prefixes[1])) is not None and rest in by_rest
    ]


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

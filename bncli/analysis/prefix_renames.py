"""Which layers of two checkpoints have equal names behind different prefixes."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from bncli.analysis.layer_pair import LayerPair, take_out
from bncli.core.name_parts import parts_of
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bncli.core.batch_norm_layer import BatchNormLayer

_LEAST_EXPLAINED = 0.5
"""Part of the smaller file's unpaired layers that other prefixes must explain together."""
_LEAST_BY_ONE = 0.1
"""Part of them that each must explain."""
_FEWEST_BY_ONE = 2
"""Number of layers that each must explain, unless it explains all of a file's."""
_MOST_COMPARED = 250_000
"""Pairs of layers with one ending. Where there are more, each layer is compared with those in its own place only."""


@dataclass(frozen=True, slots=True)
class Rename:
    """A prefix of names that stands in place of another."""

    before: str
    """Prefix in the first checkpoint; empty for none."""
    after: str
    num_layers: int


def renamed(
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
        take_out(open_before, open_after, explained)
    is_enough = len(pairs) >= _LEAST_EXPLAINED * num_layers
    return (pairs, tuple(renames)) if is_enough else ([], ())


def _best_rename(
    before: Sequence[BatchNormLayer], after: Sequence[BatchNormLayer], fewest: float
) -> tuple[Rename, list[LayerPair]] | None:
    """Return the exchange of prefixes that makes most names equal; `None` if there is none for `fewest` layers.

    One that would make layers of different widths equal is none.
    """
    for (old, new), num_votes in _votes(before, after).most_common():
        if num_votes < fewest and not _is_whole_file(before, after, (old, new)):
            continue
        pairs = _pairs_behind(before, after, (old, new))
        if all(pair.before.num_features == pair.after.num_features for pair in pairs):
            return Rename(old, new, len(pairs)), pairs
    return None


def _is_whole_file(
    before: Sequence[BatchNormLayer], after: Sequence[BatchNormLayer], prefixes: tuple[str, str]
) -> bool:
    """Return whether the only layer of one side is explained: beside another single one, or by its whole name."""
    old, new = prefixes
    return len(before) == len(after) == 1 or (len(before) == 1 and not old) or (len(after) == 1 and not new)


def _votes(before: Sequence[BatchNormLayer], after: Sequence[BatchNormLayer]) -> Counter[tuple[str, str]]:
    """Return for how many pairs of layers an exchange of prefixes makes the names equal."""
    votes: Counter[tuple[str, str]] = Counter()
    by_ending: dict[tuple[str, int], list[tuple[str, ...]]] = {}
    for layer in before:
        by_ending.setdefault(_ending(layer), []).append(parts_of(layer.label))
    counts, places = Counter(map(_ending, after)), Counter[tuple[str, int]]()
    for layer in after:
        parts, ending = parts_of(layer.label), _ending(layer)
        others = by_ending.get(ending, [])
        if len(others) * counts[ending] > _MOST_COMPARED:
            others = others[places[ending] : places[ending] + 1]
        places[ending] += 1
        for other in others:
            shared = _num_shared_at_the_end(other, parts)
            votes[".".join(other[:-shared]), ".".join(parts[:-shared])] += 1
    return votes


def _ending(layer: BatchNormLayer) -> tuple[str, int]:
    return parts_of(layer.label)[-1], layer.num_features


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
    label = ".".join(parts_of(layer.label))
    if not prefix:
        return label
    return label.removeprefix(f"{prefix}.") if label.startswith(f"{prefix}.") else None

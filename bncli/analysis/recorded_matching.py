"""Which layer of a recording a layer of a checkpoint is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.analysis.layer_labels import shown_name
from bncli.core.name_parts import parts_of
from bncli.core.wrapper_names import WRAPPERS, without_wrappers
from bncli.errors import InvalidUsage
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from bncli.core.batch_norm_layer import BatchNormLayer


def match_recorded(
    chosen: Sequence[BatchNormLayer], recorded: Sequence[str], layers: Sequence[BatchNormLayer] | None = None
) -> dict[str, str]:
    """Return the recorded name of each chosen layer that was recorded, by its stored name.

    A recording names layers as the model does; a checkpoint may have them deeper, under containers such as
    `state_dict` and wrappers such as `module`. Only where no layer has a recorded name in full are ends compared, and
    then the prefix behind which most recorded names stand is that of the model: behind `model.layer1.0` there is a
    `bn1` as well.

    Args:
        chosen: the layers that are asked for.
        recorded: names of layers as the recording has them.
        layers: all of the checkpoint, among them those chosen: they tell what stands behind a prefix; `None` where
            all are chosen.

    Raises:
        InvalidUsage: several layers may be the same recorded one, such as a model and its moving average.
    """
    exact = {path: layer for layer in chosen for path in _paths(layer)}
    if matched := {exact[name].name: name for name in recorded if name in exact}:
        return matched
    names = {layer.name for layer in chosen}
    matched = {}
    for name, trees in _homes(_trees(chosen if layers is None else layers, recorded), names).items():
        bearers = {layer.name: layer for tree in trees for layer in tree.layers[name] if layer.name in names}
        if len(bearers) > 1:
            raise _ambiguous(name, tuple(bearers.values()))
        for bearer in bearers:
            matched.setdefault(bearer, name)
    return matched


@dataclass(frozen=True, slots=True, eq=False)
class _Tree:
    """Layers that bear recorded names behind one prefix."""

    prefix: tuple[str, ...]
    """Its parts, without wrappers."""
    layers: dict[str, list[BatchNormLayer]]
    """By their recorded names, never empty; several of a name where wrappers alone tell them apart."""


def _trees(layers: Sequence[BatchNormLayer], recorded: Sequence[str]) -> list[_Tree]:
    """Return what bears recorded names behind each prefix: most names first, and of as many the shortest prefix."""
    wanted = {_parts(name): name for name in recorded}
    lengths = {len(parts) for parts in wanted}
    behind: dict[tuple[str, ...], dict[str, list[BatchNormLayer]]] = {}
    for layer in layers:
        for parts in map(_parts, _paths(layer)):
            for length in lengths:
                name = wanted.get(parts[-length:])
                if name is not None:
                    behind.setdefault(parts[:-length], {}).setdefault(name, []).append(layer)
    trees = [_Tree(prefix, found) for prefix, found in behind.items()]
    return sorted(trees, key=lambda tree: (-len(tree.layers), len(tree.prefix)))


def _homes(trees: Sequence[_Tree], names: Collection[str]) -> dict[str, list[_Tree]]:
    """Return for each recorded name the trees that may be meant: those that bear most names, the largest first.

    Trees without any of the layers `names` are not meant, and no part of a tree is a tree of its own.
    """
    whole: set[tuple[str, ...]] = set()
    homes: dict[str, list[_Tree]] = {}
    for tree in trees:
        is_asked_for = any(layer.name in names for bearers in tree.layers.values() for layer in bearers)
        is_part = any(tree.prefix[:length] in whole for length in range(len(tree.prefix)))
        if is_part or not is_asked_for:
            continue
        whole.add(tree.prefix)
        for name in tree.layers:
            home = homes.setdefault(name, [tree])
            if home[0] is not tree and len(home[0].layers) == len(tree.layers):
                home.append(tree)
    return homes


def _ambiguous(name: str, bearers: Sequence[BatchNormLayer]) -> InvalidUsage:
    prefixes = (_stored_prefix(layer.name, len(_parts(name))) for layer in bearers)
    return InvalidUsage(
        f"layer {shown_name(name)} of the recording may be {' or '.join(layer.label for layer in bearers[:3])}",
        hint=f"say which with --layer, such as --layer '{next(filter(None, prefixes), '')}*'",
    )


def _stored_prefix(path: str, num_parts: int) -> str:
    """Return a path without its last so many parts that are no wrappers, its last separator included."""
    end = len(path) + 1
    for part in reversed(parts_of(path)):
        if num_parts == 0:
            break
        end -= len(part) + 1
        num_parts -= part not in WRAPPERS
    return path[:end]


def _paths(layer: BatchNormLayer) -> tuple[str, ...]:
    return (layer.name, *layer.aliases)


def _parts(path: str) -> tuple[str, ...]:
    return without_wrappers(parts_of(path))


def in_recorded_order(
    layers: Iterable[BatchNormLayer], matched: Mapping[str, str], recorded: Sequence[str]
) -> tuple[BatchNormLayer, ...]:
    """Return the layers that were matched, in the order in which a recording has them."""
    place = {name: index for index, name in enumerate(recorded)}
    found = (layer for layer in layers if layer.name in matched)
    return tuple(sorted(found, key=lambda layer: place[matched[layer.name]]))


def unmatched(recorded: Iterable[str], matched: dict[str, str]) -> tuple[str, ...]:
    """Return the recorded layers that no layer was matched with."""
    used = set(matched.values())
    return tuple(name for name in recorded if name not in used)

"""Which arrays of a file belong to one layer: as the file tells it, or by their names; before any of them is read."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bncli.analysis.haiku_trees import haiku_layers
from bncli.analysis.naming_schemes import (
    LEAVES_OF_STATISTICS,
    NAMING_SCHEMES,
    ROLES,
    STATISTICS,
    NamingScheme,
    scheme_of_framework,
    scheme_of_leaves,
)
from bncli.analysis.parallel_trees import join_trees
from bncli.core.named_arrays import LayerHint
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from bncli.core.named_arrays import ArraySpec, NamedArrays


_ARRAYS_PER_CHANNEL = (*STATISTICS, "weight", "bias")
_INDEXED = ":0"
"""What TensorFlow puts behind the names of variables."""
_ENDS_OF_STATISTICS = (*LEAVES_OF_STATISTICS, *(f"{leaf}{_INDEXED}" for leaf in LEAVES_OF_STATISTICS))


@dataclass(frozen=True, slots=True)
class LayerGroup:
    """The arrays that seem to be one layer; they need not make a usable one."""

    hint: LayerHint
    """What the file says about the layer: no more than its path where it says nothing."""
    scheme: NamingScheme
    specs: Mapping[str, ArraySpec]
    """By role."""
    leaves: Collection[str]
    """Last parts of the names of all arrays in the layer's place, of whatever role; none where the file tells roles."""

    @property
    def layer(self) -> str:
        """Path of the layer in the file."""
        return self.hint.layer


def layer_groups(arrays: NamedArrays) -> Iterator[LayerGroup]:
    """Yield the arrays of each layer: first of those that the file itself tells, then of those that names tell."""
    told = [hint for hint in arrays.hints.values() if hint.roles]
    yield from (_told(hint, arrays) for hint in told)
    names_told = {name for hint in told for name in hint.roles.values()}
    for layer, roles in haiku_layers(arrays.specs).items():
        specs = {role: _flat(spec) for role, spec in _by_role(roles, arrays).items()}
        yield LayerGroup(arrays.hints.get(layer, LayerHint(layer)), scheme_of_framework("haiku", ""), specs, leaves=())
    for layer, scheme, leaves in [*_joined(arrays.specs), *_side_by_side(arrays, names_told)]:
        told_by_name = zip(ROLES, scheme.leaves, strict=False)
        specs = _by_role({role: leaves[leaf] for role, leaf in told_by_name if leaf in leaves}, arrays)
        if specs.keys().isdisjoint(STATISTICS):
            continue
        if scheme.is_of_common_words and not _is_one_value_per_channel(specs.values()):
            continue
        yield LayerGroup(arrays.hints.get(layer, LayerHint(layer)), scheme, specs, leaves)


def without_aliases(groups: Iterable[LayerGroup]) -> tuple[list[LayerGroup], dict[str, tuple[str, ...]]]:
    """Return each layer once, and under which other paths its memory stands.

    Layers may share statistics and have a scale and a shift each: such are layers of their own.
    """
    first_of: dict[object, str] = {}
    kept: list[LayerGroup] = []
    aliases: dict[str, list[str]] = {}
    for group in groups:
        memory = tuple(group.specs[role].identity if role in group.specs else None for role in _ARRAYS_PER_CHANNEL)
        owner = group.layer if None in memory[: len(STATISTICS)] else first_of.setdefault(memory, group.layer)
        if owner == group.layer:
            kept.append(group)
        else:
            aliases.setdefault(owner, []).append(group.layer)
    return kept, {owner: tuple(names) for owner, names in aliases.items()}


def _is_one_value_per_channel(specs: Collection[ArraySpec]) -> bool:
    shapes = {spec.shape for spec in specs}
    return len(shapes) == 1 and len(shapes.pop()) == 1


def _told(hint: LayerHint, arrays: NamedArrays) -> LayerGroup:
    specs = _by_role(hint.roles, arrays)
    scheme = scheme_of_framework(hint.framework, hint.roles.get("running_mean", ""))
    return LayerGroup(hint, scheme, specs, leaves=())


def _by_role(names: Mapping[str, str], arrays: NamedArrays) -> dict[str, ArraySpec]:
    """Return the arrays of a layer, without those that turn out to be of no use when their files are opened."""
    found = {role: arrays.specs.get(names[role]) for role in ROLES if role in names}
    return {role: spec for role, spec in found.items() if spec is not None}


def _flat(spec: ArraySpec) -> ArraySpec:
    """Return an array as one value per channel where only one of its axes has a length: Haiku keeps the others."""
    lengths = [length for length in spec.shape if length != 1]
    return replace(spec, shape=tuple(lengths or [1])) if spec.shape and len(lengths) <= 1 else spec


def _joined(names: Collection[str]) -> Iterator[tuple[str, NamingScheme, Mapping[str, str]]]:
    for scheme in NAMING_SCHEMES:
        if scheme.trees is not None:
            for layer, leaves in join_trees(names, scheme.trees, scheme.leaves).items():
                yield layer, scheme, leaves


def _side_by_side(
    arrays: NamedArrays, names_told: Collection[str]
) -> Iterator[tuple[str, NamingScheme, Mapping[str, str]]]:
    # What the format could not use as a layer is no layer by name either: it would lack what was not usable.
    closed = {entry.name for entry in arrays.skipped}
    # Names come first: the file in which an array lies may be one of many, and is opened when its spec is asked for.
    # Of most of the places in a file no scheme says anything.
    places = {_parted(name)[0] for name in arrays.specs if name.endswith(_ENDS_OF_STATISTICS)} - closed
    by_layer: dict[str, dict[str, str]] = {}
    for name in arrays.specs:
        layer, leaf = _parted(name)
        if layer in places and name not in names_told:
            by_layer.setdefault(layer, {})[leaf] = name
    for layer, leaves in by_layer.items():
        scheme = scheme_of_leaves(leaves)
        if scheme is not None:
            yield layer, scheme, leaves


def _parted(name: str) -> tuple[str, str]:
    """Return the layer's path and the last part of an array's name."""
    cut = max(name.rfind("."), name.rfind("/"))
    return name[: max(cut, 0)], name[cut + 1 :].removesuffix(_INDEXED)

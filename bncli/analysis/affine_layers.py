"""Which layers of a file have a learned scale and shift but no running statistics: normalizations of another kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.analysis.naming_schemes import FOREIGN_STATISTICS, LEAVES_OF_STATISTICS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bncli.core.named_arrays import NamedArrays

_PAIRS = (("weight", "bias"), ("gamma", "beta"))
"""Names of scale and shift; `scale` and `bias` alone would also be those of other layers."""
_STATISTICS = LEAVES_OF_STATISTICS.union(FOREIGN_STATISTICS)


def affine_layers(arrays: NamedArrays) -> tuple[str, ...]:
    """Return the paths of layers that hold scale and shift of one value per channel, and no statistics.

    Batch normalization without tracked statistics looks like this, and so do layer, group and instance normalization:
    no file of arrays tells them apart. Only names and shapes are looked at.
    """
    by_layer: dict[str, dict[str, str]] = {}
    for name in arrays.specs:
        layer, _, leaf = name.replace("/", ".").rpartition(".")
        by_layer.setdefault(layer, {})[leaf.removesuffix(":0")] = name
    return tuple(layer for layer, leaves in by_layer.items() if any(_matching(arrays, leaves)))


def _matching(arrays: NamedArrays, leaves: dict[str, str]) -> Iterator[bool]:
    for scale, shift in _PAIRS:
        if scale in leaves and shift in leaves and not _STATISTICS & leaves.keys():
            specs = [arrays.specs.get(leaves[leaf]) for leaf in (scale, shift)]
            shapes = [() if spec is None else spec.shape for spec in specs]
            yield len(shapes[0]) == 1 and shapes[0] == shapes[1]

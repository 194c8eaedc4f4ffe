"""Layers whose statistics and parameters lie in two trees, under like paths, as Flax keeps them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bncli.analysis.naming_schemes import STATISTICS

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


def join_trees(names: Collection[str], trees: tuple[str, str], leaves: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return the arrays of each layer by leaf: `m.batch_stats.bn.mean` and `m.params.bn.scale` are those of `m.bn`.

    Args:
        names: of all arrays, with dots or slashes between their parts.
        trees: the part of the path that is the tree of the statistics, and that of the parameters.
        leaves: last parts of the names: of the two statistics, then of the parameters.
    """
    statistics, parameters = leaves[: len(STATISTICS)], leaves[len(STATISTICS) :]
    pattern = re.compile(rf"((?:.*?[./])?){trees[0]}([./])((?:.*[./])?)({'|'.join(map(re.escape, statistics))})")
    layers: dict[str, dict[str, str]] = {}
    for name in names:
        matched = pattern.fullmatch(name) if trees[0] in name else None
        if matched is None:
            continue
        before, separator, inside, leaf = matched.groups()
        layer = layers.setdefault((before + inside)[:-1], {})
        layer[leaf] = name
        for parameter in parameters:
            if (counterpart := f"{before}{trees[1]}{separator}{inside}{parameter}") in names:
                layer[parameter] = counterpart
    return layers

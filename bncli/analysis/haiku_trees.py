"""Layers of Haiku, whose statistics are modules of their own in a tree of state, beside a tree of parameters."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

# Compiled on first use: files of other frameworks need neither. `average` is what evaluation uses; `hidden` is the
# running sum from which it is made.
_STATISTIC = r"((?:.*\.)?(?:state/)?)([^.]+?)/~/(mean|var)_ema[./]average"
_PARAMETER = r"((?:.*\.)?(?:params/)?)([^.]+?)[./](scale|offset)"
_END = "average"
_ROLES = {"mean": "running_mean", "var": "running_var", "scale": "weight", "offset": "bias"}


def haiku_layers(names: Collection[str]) -> dict[str, dict[str, str]]:
    """Return the arrays of each layer by role: `net/~/bn/~/mean_ema.average` and `net/~/bn.scale` are of `net/~/bn`.

    The trees of state and of parameters may lie apart, under names such as `state` and `params`; a layer whose
    parameters cannot be told from those of another tree goes without them.

    Args:
        names: of all arrays. A module's name has slashes and no dot.
    """
    found: dict[tuple[str, str], dict[str, str]] = {}
    for name in names:
        matched = re.fullmatch(_STATISTIC, name) if name.endswith(_END) else None
        if matched is not None:
            tree, module, statistic = matched.groups()
            roles = found.setdefault((tree, module), {})
            roles[_ROLES[statistic]] = name
            counter = f"{name.removesuffix(_END)}counter"
            if counter in names:
                roles["num_batches_tracked"] = counter
    if not found:
        return {}
    parameters = _parameters(names)
    shared = Counter(module for _, module in found)
    layers = {}
    for (tree, module), roles in found.items():
        trees = parameters.get(module, {})
        # Of several trees, the one that is named as the state is.
        own = trees.get(tree.replace("state", "params")) or (next(iter(trees.values())) if len(trees) == 1 else {})
        layers[module if shared[module] == 1 else tree + module] = roles | own
    return layers


def _parameters(names: Collection[str]) -> Mapping[str, Mapping[str, dict[str, str]]]:
    """Return the parameters by module, tree and role."""
    modules: dict[str, dict[str, dict[str, str]]] = {}
    for name in names:
        matched = re.fullmatch(_PARAMETER, name)
        if matched is not None:
            tree, module, parameter = matched.groups()
            modules.setdefault(module, {}).setdefault(tree, {})[_ROLES[parameter]] = name
    return modules

"""What the layers of a model are called: as their arrays, which torch's exporter names by path, or as their node."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


def distinct_names(layers: Sequence[tuple[str, Sequence[str]]]) -> list[str]:
    """Return a name for each layer that no other one has.

    Args:
        layers: of each the path that its statistics share, and what else it can be called, the best first.
    """
    parents = Counter(parent for parent, _ in layers)
    numbers: Counter[str] = Counter()
    # Keys in place of a set: their order is that of the layers.
    names: dict[str, None] = {}
    for parent, paths in layers:
        candidates = [parent, *paths] if parent and parents[parent] == 1 else paths
        free = next((name for name in candidates if name not in names), None)
        names[_numbered(candidates[-1], names, numbers) if free is None else free] = None
    return list(names)


def _numbered(name: str, taken: Collection[str], numbers: Counter[str]) -> str:
    """Return a name that no layer has, by a number after it: outputs may be called as arrays are, or not at all.

    Args:
        name: what is taken.
        taken: the names of layers.
        numbers: how often each name was numbered, which is counted on here.
    """
    numbered = name
    while numbered in taken:
        numbers[name] += 1
        numbered = f"{name}#{numbers[name] + 1}"
    return numbered


def shared_parent(*names: str) -> str:
    """Return the path that names of arrays share but for their last part; empty where they differ, or have none."""
    parents = {name[: max(name.rfind("."), name.rfind("/"), 0)] for name in names}
    return parents.pop() if len(parents) == 1 else ""

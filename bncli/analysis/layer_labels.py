"""Layer names for people: without the containers and wrappers that a training script put around the model."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

from bncli.core.name_parts import parts_of
from bncli.core.wrapper_names import CONTAINERS, WRAPPERS, without_wrappers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


_WHOLE = "(the layer itself)"


def shown_name(name: str) -> str:
    """Return the name of a layer for people: a layer that is the whole model has none."""
    return name or _WHOLE


def labels_of(names: Sequence[str]) -> Mapping[str, str]:
    """Return a label for each layer name: shorter, and as unique as the name.

    Wrappers are dropped wherever they stand, and containers where every layer lies under them; a file with two trees,
    such as `model` and `ema`, keeps both in its labels.
    """
    parts = {name: parts_of(name) for name in names}
    shared = len(list(takewhile(_is_shared_container, zip(*(each[:-1] for each in parts.values()), strict=False))))
    labels = {name: ".".join(without_wrappers(each[shared:])) or name for name, each in parts.items()}
    are_unique = len(set(labels.values())) == len(labels)
    return {name: shown_name(labels[name] if are_unique else name) for name in names}


def _is_shared_container(column: tuple[str, ...]) -> bool:
    return len(set(column)) == 1 and column[0] in WRAPPERS.union(CONTAINERS)

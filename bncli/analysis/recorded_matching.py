"""Which layer of a recording a layer of a checkpoint is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bncli.core.wrapper_names import WRAPPERS
from bncli.errors import InvalidUsage

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bncli.core.batch_norm_layer import BatchNormLayer


def match_recorded(layers: Sequence[BatchNormLayer], recorded: Sequence[str]) -> dict[str, str]:
    """Return the recorded name of each layer that was recorded, by its stored name.

    A recording names layers as the model does; a checkpoint may have them deeper, under containers such as
    `state_dict` and wrappers such as `module`. Only where no layer has a recorded name in full are ends compared.

    Raises:
        InvalidUsage: several layers may be the same recorded one, such as a model and its moving average.
    """
    exact = {name: layer for layer in layers for name in (layer.name, *layer.aliases)}
    matched = {exact[name].name: name for name in recorded if name in exact}
    if matched:
        return matched
    paths = [(layer, _parts(path)) for layer in layers for path in (layer.name, *layer.aliases)]
    by_end: dict[int, dict[tuple[str, ...], dict[str, BatchNormLayer]]] = {}
    for name in recorded:
        wanted = _parts(name)
        length = len(wanted)
        if length not in by_end:
            by_end[length] = _by_end(paths, length)
        ends = tuple(by_end[length].get(wanted, {}).values())
        if len(ends) > 1:
            raise InvalidUsage(
                f"layer {name} of the recording may be {' or '.join(layer.label for layer in ends[:3])}",
                hint=f"say which with --layer, such as --layer '{_container(ends[0].name, name)}*'",
            )
        matched.update((layer.name, name) for layer in ends)
    return matched


def _by_end(
    paths: Sequence[tuple[BatchNormLayer, tuple[str, ...]]], length: int
) -> dict[tuple[str, ...], dict[str, BatchNormLayer]]:
    """Return the layers, by stored name, whose paths end in the same so many parts."""
    by_end: dict[tuple[str, ...], dict[str, BatchNormLayer]] = {}
    for layer, parts in paths:
        by_end.setdefault(parts[-length:], {})[layer.name] = layer
    return by_end


def _parts(path: str) -> tuple[str, ...]:
    return tuple(part for part in re.split(r"[./]", path) if part not in WRAPPERS)


def _container(path: str, name: str) -> str:
    return path.removesuffix(name)


def unmatched(recorded: Iterable[str], matched: dict[str, str]) -> tuple[str, ...]:
    """Return the recorded layers that no layer was matched with."""
    used = set(matched.values())
    return tuple(name for name in recorded if name not in used)

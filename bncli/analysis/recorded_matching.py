"""Which layer of a recording a layer of a checkpoint is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bncli.analysis.layer_labels import WRAPPERS
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
    for name in recorded:
        ends = [layer for layer in layers if any(_ends_with(path, name) for path in (layer.name, *layer.aliases))]
        if len(ends) > 1:
            raise InvalidUsage(
                f"layer {name} of the recording may be {' or '.join(layer.label for layer in ends[:3])}",
                hint=f"say which with --layer, such as --layer '{_container(ends[0].name, name)}*'",
            )
        matched.update((layer.name, name) for layer in ends)
    return matched


def _ends_with(path: str, name: str) -> bool:
    parts, wanted = _parts(path), _parts(name)
    return parts[-len(wanted) :] == wanted


def _parts(path: str) -> list[str]:
    return [part for part in re.split(r"[./]", path) if part not in WRAPPERS]


def _container(path: str, name: str) -> str:
    return path.removesuffix(name)


def unmatched(recorded: Iterable[str], matched: dict[str, str]) -> tuple[str, ...]:
    """Return the recorded layers that no layer was matched with."""
    used = set(matched.values())
    return tuple(name for name in recorded if name not in used)

"""Which layers of a checkpoint a command speaks of, by their names and by a condition on their channels."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import numpy as np

from bncli.core.name_length import MAX_NAME_LENGTH
from bncli.errors import InputNotFound, InvalidUsage, near_miss
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bncli.analysis.channel_filter import ChannelFilter
    from bncli.core.batch_norm_layer import BatchNormLayer, Checkpoint


@dataclass(frozen=True, slots=True, eq=False)
class SelectedLayer:
    """A layer and those of its channels that are asked for."""

    layer: BatchNormLayer
    channels: NDArray[np.intp]
    """Indices of the channels, ascending."""


def select(
    checkpoint: Checkpoint, globs: Sequence[str] = (), where: ChannelFilter | None = None
) -> tuple[SelectedLayer, ...]:
    """Return the layers that match any of the globs and have a channel for which the condition holds.

    Args:
        checkpoint: the layers to choose from.
        globs: shell patterns for a layer's stored name or its label; none selects every layer.
        where: condition on channels; `None` selects every channel.

    Raises:
        InvalidUsage: a glob is longer than any name.
        InputNotFound: a glob matches no layer.
    """
    require_matches(globs, checkpoint.layers, f"{checkpoint.path}: no layer")
    chosen = (layer for layer in checkpoint.layers if not globs or any(matches(layer, glob) for glob in globs))
    selected = (SelectedLayer(layer, _channels(layer, where)) for layer in chosen)
    return tuple(each for each in selected if where is None or each.channels.size)


def only_layer(checkpoint: Checkpoint, glob: str | None) -> BatchNormLayer:
    """Return the one layer that a command works on.

    Args:
        checkpoint: the layers to choose from.
        glob: pattern for its name; `None` is enough where the file has a single layer.

    Raises:
        InputNotFound: no layer matches, or several do.
    """
    selected = select(checkpoint, () if glob is None else (glob,))
    if len(selected) > 1:
        exact = [each for each in selected if glob in (each.layer.name, each.layer.label)]
        if len(exact) == 1:
            return exact[0].layer
        which = "" if glob is None else f" that match {glob!r}"
        raise InputNotFound(
            f"{checkpoint.path}: has {len(selected)} layers{which}, and one is needed",
            hint=f"give --layer, such as --layer {selected[0].layer.label}",
        )
    return selected[0].layer


def require_matches(globs: Sequence[str], layers: Sequence[BatchNormLayer], nothing: str) -> None:
    """Refuse globs that match nothing.

    Args:
        globs: shell patterns for stored names or labels.
        layers: those to choose from.
        nothing: subject of the sentence that says so, such as `no layer`.

    Raises:
        InvalidUsage: a glob is longer than any name.
        InputNotFound: a glob matches no layer.
    """
    for glob in globs:
        if len(glob) > MAX_NAME_LENGTH:
            raise InvalidUsage(f"--layer has {len(glob)} characters; at most {MAX_NAME_LENGTH} are read")
        if not any(matches(layer, glob) for layer in layers):
            raise InputNotFound(f"{nothing} matches {glob!r}", hint=near_miss(glob, [layer.label for layer in layers]))


def matches(layer: BatchNormLayer, glob: str) -> bool:
    """Return whether a shell pattern fits the stored name of a layer or its label, or is one of them."""
    return fnmatchcase(layer.name, glob) or fnmatchcase(layer.label, glob) or glob in (layer.name, layer.label)


def _channels(layer: BatchNormLayer, where: ChannelFilter | None) -> NDArray[np.intp]:
    return np.arange(layer.num_features) if where is None else np.flatnonzero(where.matches(layer))

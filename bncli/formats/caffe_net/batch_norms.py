"""BatchNorm layers of a Caffe net: their statistics, divided as Caffe does it, and the Scale layer that follows."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from bncli.core.named_arrays import LayerHint, Skipped
from bncli.formats.decimal_settings import shortest_float32, weight_of_new_batch
from bncli.formats.scaled_region import ScaledRegion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bncli.core.named_arrays import SettingName
    from bncli.formats.caffe_net.layers import Layer
    from bncli.formats.stored_array import StoredArray

_FORK_TYPES = frozenset({"BN", "SyncBN", "CuDNNBatchNorm", "BatchNormalization"})
_MEAN, _VAR, _FACTOR, _WEIGHT = range(4)
"""Blobs of a BatchNorm layer; from the fourth on in forks that merge the Scale layer into it."""


class BatchNorms:
    """The batch normalization of a net.

    Caffe keeps sums that decay and, in a third blob, the weight of what they hold: the statistics are the quotients.

    Args:
        layers: all layers of the net, in its order.

    Attributes:
        arrays: the blobs of these layers as flat arrays, and the quotients, by name.
        hints: a layer each, with its arrays.
        skipped: layers that cannot be used.
    """

    def __init__(self, layers: Sequence[Layer]) -> None:
        self.arrays: dict[str, StoredArray] = {}
        self.hints: list[LayerHint] = []
        self.skipped: list[Skipped] = []
        for layer, scale in zip(layers, _following_scales(layers), strict=True):
            if layer.type_name in _FORK_TYPES:
                self.skipped.append(Skipped(layer.name, f"is of type {layer.type_name}, of a fork of Caffe"))
            elif layer.type_name == "BatchNorm":
                self._take(layer, scale)

    def _take(self, layer: Layer, scale: Layer | None) -> None:
        blobs = [None if blob is None else _flat(blob) for blob in layer.blobs]
        mean, var, factor = (*blobs, None, None, None)[: _FACTOR + 1]
        if mean is None or var is None or factor is None or factor.size != 1:
            self.skipped.append(Skipped(layer.name, f"has {len(blobs)} blobs, not a mean, a variance and their weight"))
            return
        weight = float(factor.whole()[0])
        roles = {}
        for role, index, blob in (("running_mean", _MEAN, mean), ("running_var", _VAR, var)):
            name = blob_name(layer, index)
            self.arrays[name] = blob
            if weight != 1:
                name = f"{name} / {blob_name(layer, _FACTOR)}"
                self.arrays[name] = _divided(blob, weight)
            roles[role] = name
        affine = list(enumerate(layer.blobs))[_WEIGHT:]
        owner = layer
        if not affine and scale is not None:
            affine, owner = list(enumerate(scale.blobs)), scale
        for role, (index, parameter) in zip(("weight", "bias"), affine, strict=False):
            if parameter is not None:
                roles[role] = blob_name(owner, index)
                self.arrays[roles[role]] = _flat(parameter)
        self.hints.append(LayerHint(layer.name, "BatchNorm", _settings(layer), roles, framework="caffe"))


def blob_name(layer: Layer, index: int) -> str:
    """Return what an array is called, for the file names only layers: `conv1[0]`, as in Caffe's own interface."""
    return f"{layer.name}[{index}]"


def _following_scales(layers: Sequence[Layer]) -> list[Layer | None]:
    """Return for each layer the Scale layer that takes what it gives; `None` if that is overwritten before."""
    found: list[Layer | None] = []
    next_scale: dict[str, Layer | None] = {}
    for layer in reversed(layers):
        found.append(next_scale.get(layer.tops[0] if layer.tops else layer.name))
        next_scale.update(dict.fromkeys(layer.tops))
        if layer.type_name == "Scale" and len(layer.bottoms) == 1:
            next_scale[layer.bottoms[0]] = layer
    return found[::-1]


def _flat(blob: StoredArray) -> StoredArray:
    """Return a blob with one axis: old files give every blob four."""
    return replace(blob, shape=(blob.size,), strides=(1,))


def _divided(blob: StoredArray, weight: float) -> StoredArray:
    # As Caffe computes it: the reciprocal is rounded, and of a weight of nothing at all it is 0.
    element = np.dtype(np.float32) if blob.element.name == "float32" else np.dtype(np.float64)
    with np.errstate(all="ignore"):
        multiplier = 0.0 if weight == 0 else float(element.type(1) / element.type(weight))
    return replace(blob, region=ScaledRegion(blob.region, element, multiplier))


def _settings(layer: Layer) -> dict[SettingName, float | None]:
    settings: dict[SettingName, float | None] = {}
    if layer.eps is not None:
        settings["eps"] = shortest_float32(layer.eps)
    if layer.moving_average_fraction is not None and math.isfinite(layer.moving_average_fraction):
        settings["momentum"] = weight_of_new_batch(layer.moving_average_fraction)
    return settings

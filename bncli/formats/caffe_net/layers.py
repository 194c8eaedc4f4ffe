"""Layers of a Caffe net, as both generations of the format write them."""

from __future__ import annotations

from dataclasses import field
from enum import IntEnum
from typing import TYPE_CHECKING

from bncli.formats.caffe_net.blobs import read_blob
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from bncli.formats.protobuf.wire import Message
    from bncli.formats.stored_array import StoredArray


class LayerField(IntEnum):
    """Fields of caffe.LayerParameter."""

    NAME = 1
    TYPE = 2
    BOTTOM = 3
    TOP = 4
    BLOBS = 7
    BATCH_NORM_PARAM = 139


class OldLayerField(IntEnum):
    """Fields of caffe.V1LayerParameter, in which types are numbers."""

    BOTTOM = 2
    TOP = 3
    NAME = 4
    TYPE = 5
    BLOBS = 6


class _BatchNormField(IntEnum):
    """Fields of caffe.BatchNormParameter."""

    MOVING_AVERAGE_FRACTION = 2
    EPS = 3


@dataclass(slots=True)
class Layer:
    """One layer of a net."""

    name: str = ""
    type_name: str = ""
    """Empty for layers of the old generation, which knew no batch normalization."""
    bottoms: list[str] = field(default_factory=list)
    tops: list[str] = field(default_factory=list)
    blobs: list[StoredArray | None] = field(default_factory=list)
    """Learned arrays; `None` for one whose values cannot be read."""
    eps: float | None = None
    """Of a `BatchNorm` layer, if stored."""
    moving_average_fraction: float | None = None
    """Of a `BatchNorm` layer, if stored: the weight of the old value."""


def read_layer(message: Message) -> Layer:
    """Return a layer.

    Raises:
        ValueError: it is broken.
    """
    layer = Layer()
    for item in message.fields():
        match item.number:
            case LayerField.NAME:
                layer.name = item.text()
            case LayerField.TYPE:
                layer.type_name = item.text()
            case LayerField.BOTTOM:
                layer.bottoms.append(item.text())
            case LayerField.TOP:
                layer.tops.append(item.text())
            case LayerField.BLOBS:
                layer.blobs.append(read_blob(item.message()))
            case LayerField.BATCH_NORM_PARAM:
                _read_settings(item.message(), layer)
            case _:
                pass
    return layer


def read_old_layer(message: Message) -> Layer:
    """Return a layer of the old generation.

    Raises:
        ValueError: it is broken.
    """
    layer = Layer()
    for item in message.fields():
        match item.number:
            case OldLayerField.NAME:
                layer.name = item.text()
            case OldLayerField.BOTTOM:
                layer.bottoms.append(item.text())
            case OldLayerField.TOP:
                layer.tops.append(item.text())
            case OldLayerField.BLOBS:
                layer.blobs.append(read_blob(item.message()))
            case _:
                pass
    return layer


def _read_settings(message: Message, layer: Layer) -> None:
    for item in message.fields():
        if item.number == _BatchNormField.EPS:
            layer.eps = item.float32()
        elif item.number == _BatchNormField.MOVING_AVERAGE_FRACTION:
            layer.moving_average_fraction = item.float32()

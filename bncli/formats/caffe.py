"""Caffe's binary nets (.caffemodel): layers with their learned blobs."""

from __future__ import annotations

from collections import Counter
from enum import IntEnum
from typing import TYPE_CHECKING

from bncli.core.named_arrays import Skipped
from bncli.formats.base import Format
from bncli.formats.byte_source import opening
from bncli.formats.caffe_net.batch_norms import BatchNorms, blob_name
from bncli.formats.caffe_net.layers import Layer, LayerField, OldLayerField, read_layer, read_old_layer
from bncli.formats.opened_file import OpenedFile
from bncli.formats.protobuf.first_fields import first_fields
from bncli.formats.protobuf.heads import WireType
from bncli.formats.protobuf.wire import WireFile
from bncli.formats.regions import FileRegion

if TYPE_CHECKING:
    from pathlib import Path

    from bncli.core.named_arrays import NamedArrays
    from bncli.formats.probe import FileProbe
    from bncli.formats.protobuf.wire import Field
    from bncli.formats.stored_array import StoredArray


class _NetField(IntEnum):
    """Fields of caffe.NetParameter."""

    NAME = 1
    OLD_LAYERS = 2
    INPUT = 3
    INPUT_DIM = 4
    FORCE_BACKWARD = 5
    STATE = 6
    DEBUG_INFO = 7
    INPUT_SHAPE = 8
    LAYER = 100


_KNOWN_FIELDS = frozenset(_NetField)


def recognizes(probe: FileProbe) -> bool:
    """Whether the file begins with fields of a net, one of which is a layer."""
    fields = first_fields(probe.head)
    layers = [field for field in fields if field.number in (_NetField.LAYER, _NetField.OLD_LAYERS)]
    return bool(layers) and all(field.number in _KNOWN_FIELDS for field in fields) and _begins_as_layer(layers[0])


def _begins_as_layer(field: Field) -> bool:
    """Return whether a message has a layer's name and type where they belong; it may reach past the file's head."""
    is_old = field.number == _NetField.OLD_LAYERS
    name_field, type_field = (OldLayerField.NAME, OldLayerField.TYPE) if is_old else (LayerField.NAME, LayerField.TYPE)
    type_as = WireType.VARINT if is_old else WireType.BYTES
    has_name = False
    try:
        for part in field.message().fields():
            has_name |= part.number == name_field and part.text().isprintable()
            if part.number == type_field:
                return has_name and part.wire_type is type_as
    except (EOFError, ValueError):
        return False
    return False


def open_caffe(path: Path) -> NamedArrays:
    """Open a Caffe net. Blobs are named by their layer and their place in it, such as `conv1[0]`.

    Raises:
        MalformedFile: the file is broken.
    """
    with opening(path, "a Caffe net") as source:
        layers: list[Layer] = []
        for item in WireFile(FileRegion(source, 0, source.size)).root().fields():
            if item.number == _NetField.LAYER:
                layers.append(read_layer(item.message()))
            elif item.number == _NetField.OLD_LAYERS:
                layers.append(read_old_layer(item.message()))
        arrays: dict[str, StoredArray] = {}
        skipped: list[Skipped] = []
        for layer in layers:
            for index, blob in enumerate(layer.blobs):
                name = blob_name(layer, index)
                if name in arrays:
                    raise ValueError(f"two layers are named {layer.name!r}")
                if blob is None:
                    skipped.append(Skipped(name, "its values are not written as single or double precision"))
                else:
                    arrays[name] = blob
        found = BatchNorms(layers)
        opened = OpenedFile(
            source, FORMAT.name, arrays | found.arrays, hints=found.hints, skipped=found.skipped + skipped
        )
        opened.without_layers = _without_layers(layers)
        return opened


def _without_layers(layers: list[Layer]) -> str | None:
    count = Counter(layer.type_name for layer in layers)
    if count["BatchNorm"] or not count["Convolution"]:
        return None
    return f"{count['Convolution']} Convolution, 0 BatchNorm: merged into them, if the net had any"


FORMAT = Format("caffe", (".caffemodel",), recognizes, open_caffe)

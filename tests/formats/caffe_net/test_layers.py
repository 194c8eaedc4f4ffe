from __future__ import annotations

import numpy as np
import pytest

from bncli.formats.caffe_net.layers import read_layer, read_old_layer
from bncli.formats.protobuf.wire import WireFile
from bncli.formats.regions import MemoryRegion
from tests.helpers.caffe_nets import blob, layer, old_layer, settings

VALUES = np.arange(3, dtype=np.float32)


def test_a_layer_has_its_connections_blobs_and_settings() -> None:
    content = layer("BatchNorm", "bn", [blob(VALUES)], "conv", "out", settings(eps=0.5, fraction=0.25))
    (field,) = WireFile(MemoryRegion(content)).root().fields()
    found = read_layer(field.message())
    assert (found.name, found.type_name, found.bottoms, found.tops) == ("bn", "BatchNorm", ["conv"], ["out"])
    assert (found.eps, found.moving_average_fraction) == (0.5, 0.25)
    assert found.blobs[0] is not None
    assert found.blobs[0].whole().tolist() == [0, 1, 2]


def test_a_layer_of_the_old_generation_has_its_connections_and_blobs() -> None:
    (field,) = WireFile(MemoryRegion(old_layer(4, "conv", [blob(VALUES, is_old=True)]))).root().fields()
    found = read_old_layer(field.message())
    assert (found.name, found.type_name, found.bottoms, found.tops) == ("conv", "", ["data"], ["conv"])
    assert found.blobs[0] is not None
    assert found.blobs[0].shape == (1, 1, 1, 3)


def test_a_name_that_is_no_text_is_refused() -> None:
    (field,) = WireFile(MemoryRegion(layer("A", "b").replace(b"b", b"\xff"))).root().fields()
    with pytest.raises(UnicodeDecodeError):
        read_layer(field.message())

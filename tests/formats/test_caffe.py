from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bncli.analysis.layer_discovery import discover
from bncli.core.named_arrays import Skipped
from bncli.errors import MalformedFile, NoBatchNormLayers
from bncli.formats.caffe import open_caffe, recognizes
from bncli.formats.probe import FileProbe
from tests.helpers.caffe_nets import blob, layer, net, old_layer
from tests.helpers.protobuf_bytes import bytes_field, number_field

VALUES = np.arange(24, dtype=np.float32).reshape(4, 3, 2, 1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "net.caffemodel"


@pytest.mark.parametrize(
    ("content", "is_net"),
    [
        (net(layer("Convolution", "conv", [blob(VALUES)])), True),
        (net(old_layer(4, "conv", [blob(VALUES, is_old=True)])), True),
        (layer("Input", "data"), True),
        (bytes_field(1, "net") + bytes_field(3, "data") + number_field(4, 1) + layer("ReLU", "relu"), True),
        (net(), False),
        (net(bytes_field(100, bytes_field(1, "name"))), False),
        (net(layer("ReLU", "relu"), bytes_field(99, b"")), False),
        (bytes_field(1, bytes_field(1, "node")) + bytes_field(2, bytes_field(1, "library")), False),
        (b"\n\n# a text\n", False),
        (bytes(40), False),
    ],
)
def test_a_net_is_recognized_by_its_first_layer(content: bytes, is_net: bool) -> None:
    assert recognizes(FileProbe(Path("net"), len(content), content)) is is_net


def test_a_layer_that_reaches_past_the_head_is_recognized() -> None:
    content = net(layer("Convolution", "conv", [blob(np.zeros(10_000, np.float32))]))
    assert recognizes(FileProbe(Path("net"), len(content), content[:4096]))


def test_every_blob_is_listed_by_layer_and_place(path: Path) -> None:
    path.write_bytes(net(layer("Convolution", "conv", [blob(VALUES), blob(VALUES[:, 0, 0, 0])]), layer("ReLU", "relu")))
    with open_caffe(path) as arrays:
        assert {name: spec.shape for name, spec in arrays.specs.items()} == {"conv[0]": (4, 3, 2, 1), "conv[1]": (4,)}
        np.testing.assert_array_equal(arrays.read("conv[0]"), VALUES, strict=True)


def test_blobs_of_another_precision_are_told(path: Path) -> None:
    path.write_bytes(net(layer("Convolution", "conv", [bytes_field(7, number_field(1, 2))])))
    with open_caffe(path) as arrays:
        assert arrays.skipped == (Skipped("conv[0]", "its values are not written as single or double precision"),)


def test_a_net_without_batch_normalization_says_where_it_may_be(path: Path) -> None:
    path.write_bytes(net(*(layer("Convolution", f"conv{number}") for number in range(3))))
    with open_caffe(path) as arrays, pytest.raises(NoBatchNormLayers, match="3 Convolution, 0 BatchNorm: merged"):
        discover(arrays)


def test_two_layers_of_one_name_are_broken(path: Path) -> None:
    path.write_bytes(net(*[layer("Convolution", "conv", [blob(VALUES)])] * 2))
    with pytest.raises(MalformedFile, match="two layers are named 'conv'"):
        open_caffe(path)

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bncli.analysis.layer_discovery import discover
from bncli.core.batch_norm_layer import Setting
from bncli.core.named_arrays import Skipped
from bncli.errors import BncliError, MalformedFile
from bncli.formats.detection import open_named_arrays
from bncli.formats.flax_msgpack import recognizes
from bncli.formats.probe import FileProbe
from tests.helpers.msgpack_files import SCALAR, array, extension, nested, pack, raw_map

VALUES = np.linspace(0.5, 2, 4, dtype=np.float32)
STATE = {
    "step": np.array(7),
    "batch_stats.block.bn.mean": VALUES,
    "batch_stats.block.bn.var": VALUES + 1,
    "params.block.bn.bias": VALUES + 2,
    "params.block.bn.scale": VALUES + 3,
    "params.block.ln.scale": VALUES,
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "checkpoint"


def test_statistics_and_parameters_are_joined_across_the_two_trees(path: Path) -> None:
    path.write_bytes(pack(nested(STATE)))
    with open_named_arrays(path) as arrays:
        assert (arrays.format, list(arrays.specs)) == ("flax-msgpack", list(STATE))
        (layer,) = discover(arrays).layers
    assert (layer.name, layer.framework) == ("block.bn", "flax")
    for role, expected in zip(("running_mean", "running_var", "bias", "weight"), range(4), strict=True):
        np.testing.assert_array_equal(getattr(layer, role), VALUES + expected, strict=True)
    assert (layer.eps, layer.momentum) == (Setting(1e-5, "assumed"), Setting(0.01, "assumed"))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int32", "uint8", "bool"])
@pytest.mark.parametrize("shape", [(4,), (2, 3), (), (0, 3)])
def test_arrays_of_every_type_and_shape_come_back(path: Path, dtype: str, shape: tuple[int, ...]) -> None:
    values = np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype)
    path.write_bytes(raw_map({"a": array(values), "b": array(values, code=SCALAR)}))
    with open_named_arrays(path) as arrays:
        for name in ("a", "b"):
            np.testing.assert_array_equal(arrays.read(name), values, strict=True)


def test_a_bfloat16_array_is_widened(path: Path) -> None:
    path.write_bytes(raw_map({"a": array((VALUES.view(np.uint32) >> 16).astype(np.uint16), "bfloat16")}))
    with open_named_arrays(path) as arrays:
        np.testing.assert_array_equal(arrays.read("a"), (VALUES.view(np.uint32) & 0xFFFF0000).view(np.float32))


def test_an_array_in_chunks_is_put_together(path: Path) -> None:
    values = np.arange(60, dtype=np.float32).reshape(3, 20)
    chunks = {str(number): part for number, part in enumerate(np.split(values.reshape(-1), [16, 32, 48]))}
    whole = {"__msgpack_chunked_array__": True, "shape": {"0": 3, "1": 20}, "chunks": chunks}
    path.write_bytes(pack({"params": {"w": whole}}))
    with open_named_arrays(path) as arrays:
        np.testing.assert_array_equal(arrays.read("params.w"), values, strict=True)


def test_what_is_no_array_is_passed_over_and_a_type_that_is_not_read_is_told(path: Path) -> None:
    items = {"step": 1, "name": "x", "none": None, "list": [VALUES, 2.5]}
    path.write_bytes(
        raw_map({"kept": pack(items), "complex": extension(2, pack([1.0, 2.0])), "odd": array(VALUES, "int4")})
    )
    with open_named_arrays(path) as arrays:
        assert list(arrays.specs) == ["kept.list.0"]
        assert arrays.skipped == (Skipped("odd", "its element type int4 is not one that bncli reads"),)


@pytest.mark.parametrize(
    "leaf",
    [
        extension(1, pack([[4], "float32", bytes(12)])),
        extension(1, pack([[2**40, 2**40], "float32", bytes(16)])),
        extension(1, pack([[-4], "float32", bytes(16)])),
        extension(1, pack([[True], "bool", bytes(1)])),
        extension(1, pack([[4], "float32"])),
        extension(1, pack(["4", "float32", bytes(16)])),
        extension(1, b"\xc1"),
        extension(1, b""),
        pack({"__msgpack_chunked_array__": True}),
        pack({"__msgpack_chunked_array__": True, "shape": {"0": 4}, "chunks": {}}),
        pack({"__msgpack_chunked_array__": True, "shape": {"0": 4}, "chunks": {"1": VALUES}}),
        pack({"__msgpack_chunked_array__": True, "shape": {"0": 4}, "chunks": {"0": 1}}),
        pack({"__msgpack_chunked_array__": True, "shape": {"0": 5}, "chunks": {"0": VALUES}}),
    ],
)
def test_an_array_that_contradicts_itself_is_refused(path: Path, leaf: bytes) -> None:
    path.write_bytes(raw_map({"params": leaf}))
    with pytest.raises(MalformedFile, match="broken as a MessagePack file"):
        open_named_arrays(path)


def test_two_arrays_of_one_name_are_refused(path: Path) -> None:
    path.write_bytes(pack({"a.b": VALUES, "a": {"b": VALUES}}))
    with pytest.raises(MalformedFile, match="two arrays are called"):
        open_named_arrays(path)


@pytest.mark.parametrize(
    ("head", "is_flax"),
    [
        (pack(nested(STATE)), True),
        (pack({"step": 1}), True),
        (b"\x81\xa1a", True),
        (b"\x80", False),
        (b"\x80\x02}q\x00.", False),
        (b"\x81\x01\x02", False),
        (b"\x8f\xff\xff\xff", False),
        (b"\x91\xa1a", False),
        (b"", False),
    ],
)
def test_a_file_is_recognized_by_a_map_from_names(head: bytes, is_flax: bool) -> None:
    assert recognizes(FileProbe(Path("x"), len(head) + (3 if head == b"\x81\xa1a" else 0), head)) == is_flax


def test_every_changed_byte_is_refused_or_gives_arrays(path: Path) -> None:
    content = pack(nested(STATE))
    outcomes: set[Any] = set()
    for at in range(len(content)):
        path.write_bytes(content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :])
        try:
            with open_named_arrays(path) as arrays:
                arrays.read_many(arrays.specs)
                outcomes.add("read")
        except BncliError as error:
            outcomes.add(type(error))
    assert outcomes >= {"read", MalformedFile}

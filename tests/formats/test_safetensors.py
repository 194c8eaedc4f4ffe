from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from safetensors.torch import save_file

from bncli.core.named_arrays import Skipped
from bncli.core.recording_key import RECORDING_KEY
from bncli.errors import MalformedFile
from bncli.formats import safetensors
from bncli.formats.probe import probe_file
from bncli.formats.safetensors import open_safetensors, recognizes
from tests.helpers.torch_checkpoints import DTYPES, UNTYPED_DTYPES, as_numpy, assert_same_bits, tensors_of_every_dtype

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.safetensors"


def write(path: Path, header: Any, content: bytes = b"", length: int | None = None) -> None:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text) if length is None else length) + text + content)


def entry(start: int = 0, stop: int = 16, dtype: str = "F32", shape: tuple[Any, ...] = (4,)) -> dict[str, Any]:
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [start, stop]}


def test_metadata_that_are_null_are_none(tmp_path: Path) -> None:
    header = json.dumps({"__metadata__": None, "a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    path = tmp_path / "x.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + np.float32(7).tobytes())
    np.testing.assert_array_equal(load_file(path)["a"], [7.0])
    with open_safetensors(path) as arrays:
        np.testing.assert_array_equal(arrays.read("a"), [7.0])


def test_every_dtype_comes_back_bit_for_bit(path: Path) -> None:
    dtypes = tuple(dtype for dtype in DTYPES + UNTYPED_DTYPES if dtype is not torch.complex128)
    tensors = tensors_of_every_dtype(dtypes) | {"scalar": torch.tensor(2.5), "empty": torch.empty(0, 3)}
    save_file(tensors, path)
    with open_safetensors(path) as arrays:
        assert set(arrays.specs) == set(tensors)
        for name, values in tensors.items():
            assert arrays.specs[name].dtype == str(values.dtype).removeprefix("torch.")
            assert_same_bits(arrays.read(name), as_numpy(values))


def test_one_array_costs_its_own_bytes_and_no_others(path: Path) -> None:
    save_file({"big": torch.zeros(10**6), "small": torch.arange(4.0)}, path)
    with open_safetensors(path) as arrays:
        assert arrays.bytes_read < 500
        opened = arrays.bytes_read
        arrays.read("small")
        arrays.read_flat("big", 1000, 1010)
        assert arrays.bytes_read - opened == 16 + 40


def test_metadata_is_no_array(path: Path) -> None:
    save_file({"a": torch.ones(1)}, path, metadata={"format": "pt"})
    with open_safetensors(path) as arrays:
        assert list(arrays.specs) == ["a"]


def test_a_recording_says_that_it_is_no_checkpoint(path: Path) -> None:
    for metadata, is_recording in (({RECORDING_KEY: "1"}, True), ({"format": "pt"}, False)):
        save_file({"bn1.count": torch.ones(3)}, path, metadata)
        with open_safetensors(path) as arrays:
            assert (arrays.without_layers or "").startswith("a recording of batches") == is_recording


def test_arrays_stand_in_the_order_of_the_header(path: Path) -> None:
    write(path, {"z": entry(16, 32), "a": entry(0, 16)}, bytes(32))
    with open_safetensors(path) as arrays:
        assert list(arrays.specs) == ["z", "a"]
        assert list(arrays.read_many(arrays.specs)) == ["a", "z"]


def test_an_element_type_that_cannot_be_widened_is_listed_as_skipped(path: Path) -> None:
    write(path, {"scales": entry(0, 4, "F8_E8M0"), "weight": entry(4, 20)}, bytes(20))
    with open_safetensors(path) as arrays:
        assert list(arrays.specs) == ["weight"]
        assert arrays.skipped == (Skipped("scales", "its element type F8_E8M0 is not one that bncli reads"),)


def test_a_library_without_a_choice_of_backend_will_do(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_file({"a": torch.arange(4.0)}, path)
    original = safetensors.safe_open

    def without_backend(filename: Path, framework: str) -> Any:
        return original(filename, framework=framework)

    monkeypatch.setattr(safetensors, "safe_open", without_backend)
    with open_safetensors(path) as arrays:
        np.testing.assert_array_equal(arrays.read("a"), np.arange(4.0))


@pytest.mark.parametrize(
    ("header", "size"),
    [
        pytest.param({"a": entry(0, 16), "b": entry(8, 24)}, 24, id="overlap"),
        pytest.param({"a": entry(0, 16), "b": entry(20, 36)}, 36, id="hole"),
        pytest.param({"a": entry(0, 16)}, 17, id="trailing byte"),
        pytest.param({"a": entry(0, 16)}, 15, id="cut short"),
        pytest.param({"a": entry(16, 0)}, 16, id="backwards"),
        pytest.param({"a": entry(shape=(5,))}, 16, id="shape larger than the bytes"),
        pytest.param({"a": entry(shape=(2**33, 2**33))}, 16, id="product overflow"),
        pytest.param({"a": entry(shape=(-4,))}, 16, id="negative length"),
        pytest.param({"a": entry(shape=(True,), stop=4)}, 4, id="boolean length"),
        pytest.param({"a": entry(dtype="F31")}, 16, id="unknown dtype"),
        pytest.param({"a": entry(stop=-16)}, 16, id="negative offset"),
        pytest.param(b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{}}', 4, id="duplicate"),
        pytest.param({"__metadata__": {"n": 1}, "a": entry()}, 16, id="metadata that is no text"),
        pytest.param({"a": []}, 0, id="entry that is no object"),
        pytest.param(b'{"a": {}', 0, id="not JSON"),
        pytest.param(b'{"a":' * 20_000, 0, id="deep JSON"),
        pytest.param(b'{"\xff": 1}', 0, id="not UTF-8"),
        pytest.param(b'{"\\ud800": 1}', 0, id="lone surrogate"),
    ],
)
def test_a_header_that_does_not_fit_its_bytes_is_refused(path: Path, header: Any, size: int) -> None:
    write(path, header, bytes(size))
    with pytest.raises(MalformedFile, match=r"model\.safetensors: broken as a safetensors file"):
        open_safetensors(path)


@pytest.mark.parametrize("length", [3, 10**7, 10**8])
def test_a_header_length_that_is_not_the_headers_is_refused(path: Path, length: int) -> None:
    write(path, {"a": entry()}, bytes(16), length)
    with pytest.raises(MalformedFile):
        open_safetensors(path)


@pytest.mark.parametrize(
    ("content", "recognized"),
    [
        (struct.pack("<Q", 10) + b'{"a": 1}  ', True),
        (struct.pack("<Q", 10**8) + b"{", True),
        (struct.pack("<Q", 10**8 + 1) + b"{", False),
        (struct.pack("<Q", 10) + b"[1, 2]", False),
        (b"{", False),
        (struct.pack("<Q", 10), False),
    ],
)
def test_a_file_is_known_by_a_plausible_length_and_a_brace(path: Path, content: bytes, *, recognized: bool) -> None:
    path.write_bytes(content)
    assert recognizes(probe_file(path)) is recognized

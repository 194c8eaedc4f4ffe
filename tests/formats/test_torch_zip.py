from __future__ import annotations

import struct
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from bncli.errors import MalformedFile, UnsafeFile
from bncli.formats.probe import probe_file
from bncli.formats.torch_zip import open_torch_zip, recognizes
from tests.helpers.hostile_files import dictionary, storage, tensor, write_torch_zip
from tests.helpers.torch_checkpoints import (
    DTYPES,
    UNTYPED_DTYPES,
    assert_holds,
    tensors_of_every_dtype,
    tensors_of_every_layout,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.pt"


def assert_reads_back(path: Path, tensors: Mapping[str, torch.Tensor]) -> None:
    with open_torch_zip(path) as arrays:
        assert list(arrays.specs) == list(tensors)
        assert_holds(arrays, tensors)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_every_dtype_comes_back_bit_for_bit_from_every_pickle_protocol(path: Path, protocol: int) -> None:
    tensors = tensors_of_every_dtype(DTYPES + UNTYPED_DTYPES)
    torch.save(tensors, path, pickle_protocol=protocol)
    assert_reads_back(path, tensors)


@pytest.mark.parametrize("protocol", [2, 5])
def test_every_layout_comes_back_bit_for_bit(path: Path, protocol: int) -> None:
    tensors = tensors_of_every_layout()
    torch.save(tensors, path, pickle_protocol=protocol)
    assert_reads_back(path, tensors)


def test_a_repacked_and_deflated_archive_reads_the_same(path: Path, tmp_path: Path) -> None:
    tensors = tensors_of_every_layout() | tensors_of_every_dtype()
    torch.save(tensors, path)
    packed = tmp_path / "packed.pt"
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for member in source.namelist():
            target.writestr(member, source.read(member))
    assert_reads_back(packed, tensors)


def test_a_checkpoint_of_a_big_endian_machine_reads_the_same(path: Path, tmp_path: Path) -> None:
    tensors = {
        "a": torch.arange(5.0),
        "b": torch.arange(6, dtype=torch.int16),
        "c": torch.ones(3, dtype=torch.bfloat16),
    }
    torch.save(tensors, path)
    swapped = tmp_path / "swapped.pt"
    itemsizes = {str(key): values.element_size() for key, values in enumerate(tensors.values())}
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(swapped, "w") as target:
        for member in source.namelist():
            content = source.read(member)
            name = member.split("/")[-1]
            if member.split("/")[-2] == "data":
                content = np.frombuffer(content, f"<u{itemsizes[name]}").byteswap().tobytes()
            target.writestr(member, b"big" if name == "byteorder" else content)
    assert_reads_back(swapped, tensors)


def test_an_archive_without_checksums_is_read(path: Path) -> None:
    torch.serialization.set_crc32_options(compute_crc32=False)
    try:
        torch.save({"a": torch.arange(4.0)}, path)
    finally:
        torch.serialization.set_crc32_options(compute_crc32=True)
    assert_reads_back(path, {"a": torch.arange(4.0)})


def test_one_tensor_costs_its_own_bytes_and_no_others(path: Path) -> None:
    torch.save({"big": torch.zeros(10**6), "small": torch.ones(4), "row": torch.zeros(1000, 1000)[5]}, path)
    with open_torch_zip(path) as arrays:
        opened = arrays.bytes_read
        assert opened < 5000
        arrays.read("small")
        arrays.read("row")
        assert arrays.bytes_read - opened < 16 + 4000 + 200


def test_memory_that_two_tensors_share_has_one_identity(path: Path) -> None:
    base = torch.arange(10.0)
    torch.save({"a": base, "b": base.clone(), "tied": base[:], "part": base[2:4]}, path)
    with open_torch_zip(path) as arrays:
        identity = {name: spec.identity for name, spec in arrays.specs.items()}
    assert identity["a"] == identity["tied"]
    assert len({identity["a"], identity["b"], identity["part"]}) == 3


def test_classes_that_the_file_names_are_listed_and_not_imported(path: Path) -> None:
    torch.save({"a": torch.ones(1), "path": torch.Size([1])}, path)
    with open_torch_zip(path) as arrays:
        assert {"torch._utils._rebuild_tensor_v2", "torch.FloatStorage", "torch.Size"} <= arrays.named_globals


@pytest.mark.parametrize(
    ("members", "recognized"),
    [
        (["data.pkl"], True),
        (["model/data.pkl"], True),
        (["a/b/data.pkl"], False),
        (["xdata.pkl"], False),
        (["a.npy"], False),
    ],
)
def test_a_torch_zip_is_known_by_its_pickle(path: Path, members: list[str], *, recognized: bool) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name in members:
            archive.writestr(name, b"")
    assert recognizes(probe_file(path)) is recognized


def test_two_pickles_in_one_archive_are_ambiguous(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/data.pkl", b"N.")
        archive.writestr("b/data.pkl", b"N.")
    with pytest.raises(MalformedFile, match=r"2 members are called data\.pkl"):
        open_torch_zip(path)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        pytest.param(tensor(shape=(5,)), "needs 20 bytes of a storage of 16", id="longer than its storage"),
        pytest.param(tensor(offset=1), "needs 20 bytes", id="offset past the end"),
        pytest.param(tensor(offset=-1), "not a natural number", id="negative offset"),
        pytest.param(tensor(strides=(2,)), "needs 28 bytes", id="stride past the end"),
        pytest.param(tensor(strides=(-1,)), "not a natural number", id="negative stride"),
        pytest.param(tensor(shape=(2, 2)), "2 axes and 1 strides", id="rank of shape and strides"),
        pytest.param(tensor(shape=(2**40, 2**40), strides=(1, 1)), "needs", id="product overflow"),
        pytest.param(tensor(shape=(2**62,)), "not a natural number", id="axis beyond 62 bits"),
        pytest.param(
            tensor(of=storage(num_elements=2**61)), "of which 16 are there", id="storage longer than its member"
        ),
        pytest.param(tensor(of=storage(key="1")), "lacks the member 'archive/data/1'", id="missing storage"),
        pytest.param(tensor(of=storage(key="../data.pkl")), "lacks the member", id="path in a storage key"),
        pytest.param(tensor(of=storage(kind="os.FloatStorageX")), "os.FloatStorageX", id="foreign storage"),
    ],
)
def test_a_tensor_that_lies_about_its_memory_is_refused(path: Path, value: bytes, message: str) -> None:
    write_torch_zip(path, dictionary(weight=value))
    with pytest.raises((MalformedFile, UnsafeFile), match=message):
        open_torch_zip(path)


def test_the_byte_order_must_be_one_that_exists(path: Path) -> None:
    write_torch_zip(path, tensor(), byteorder=b"middle")
    with pytest.raises(MalformedFile, match="byte order"):
        open_torch_zip(path)


def test_a_file_that_loses_bytes_after_it_was_opened_is_told_with_the_arrays_name(path: Path) -> None:
    write_torch_zip(path, dictionary(weight=tensor()))
    with open_torch_zip(path) as arrays:
        path.write_bytes(path.read_bytes()[:100])
        with pytest.raises(MalformedFile, match=r"model\.pt: array 'weight' cannot be read"):
            arrays.read("weight")


def test_a_pickle_that_inflates_like_a_bomb_is_refused(path: Path) -> None:
    write_torch_zip(path, b"]" * 8 * 1024**2, compression=zipfile.ZIP_DEFLATED)
    with pytest.raises(MalformedFile, match="claims"):
        open_torch_zip(path)


def test_the_error_of_a_broken_pickle_says_where_it_broke(path: Path) -> None:
    write_torch_zip(path, b"}" + struct.pack("<BI", 0x6A, 7))
    with pytest.raises(MalformedFile, match=r"broken as a torch checkpoint: the pickle .* byte 3"):
        open_torch_zip(path)

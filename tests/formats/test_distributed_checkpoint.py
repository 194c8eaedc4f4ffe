from __future__ import annotations

import os
import pickle
import warnings
from typing import TYPE_CHECKING, Any

import pytest
import torch
import torch.distributed.checkpoint

from bncli.analysis.layer_discovery import discover
from bncli.core.named_arrays import Skipped
from bncli.errors import MalformedFile, UnsafeFile
from bncli.formats.detection import open_named_arrays
from bncli.formats.distributed_checkpoint import open_distributed_checkpoint, recognizes
from bncli.formats.probe import probe_path
from tests.helpers.distributed_checkpoints import DistributedCheckpoint
from tests.helpers.hostile_files import PROTOCOL_2, call, text
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
def checkpoint(tmp_path: Path) -> DistributedCheckpoint:
    return DistributedCheckpoint(tmp_path / "step-100")


def assert_reads_back(path: Path, tensors: Mapping[str, torch.Tensor]) -> None:
    with open_distributed_checkpoint(path) as arrays:
        assert_holds(arrays, tensors)


def save(state: dict[str, Any], folder: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        torch.distributed.checkpoint.save(state, checkpoint_id=folder)


def test_what_torch_saves_in_one_process_comes_back_bit_for_bit(tmp_path: Path) -> None:
    tensors = tensors_of_every_dtype(DTYPES + UNTYPED_DTYPES) | tensors_of_every_layout()
    save({**tensors, "step": 3, "lists": [1, {"a": 2}]}, tmp_path / "saved")
    assert_reads_back(tmp_path / "saved", tensors)


def test_nested_state_is_named_by_its_path(tmp_path: Path) -> None:
    module = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 1), torch.nn.BatchNorm2d(4))
    save({"model": module.state_dict()}, tmp_path / "saved")
    with open_named_arrays(tmp_path / "saved") as arrays:
        assert [layer.name for layer in discover(arrays).layers] == ["model.1"]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float8_e4m3fn, torch.complex128, torch.bool])
def test_a_tensor_in_chunks_over_several_files_is_put_together(
    checkpoint: DistributedCheckpoint, dtype: torch.dtype
) -> None:
    grid = torch.linspace(-2, 2, 30).reshape(5, 6).to(dtype)
    vector = torch.linspace(0, 3, 7).to(dtype)
    files = ("__0_0.distcp", "__1_0.distcp")
    checkpoint.add("grid", grid, ((0, 0), (2, 6)), ((2, 0), (3, 4)), ((2, 4), (3, 2)), files=files)
    checkpoint.add("vector", vector, ((3,), (4,)), ((0,), (3,)), files=files)
    checkpoint.add("scalar", torch.tensor(1.5))
    checkpoint.add_object("step")
    assert_reads_back(checkpoint.write(), {"grid": grid, "vector": vector, "scalar": torch.tensor(1.5)})


def test_a_chunk_without_elements_does_no_harm(checkpoint: DistributedCheckpoint) -> None:
    vector = torch.arange(4.0)
    checkpoint.add("vector", vector, ((0,), (4,)), ((4,), (0,)))
    assert_reads_back(checkpoint.write(), {"vector": vector})


def test_only_the_files_of_what_is_asked_for_are_opened(checkpoint: DistributedCheckpoint) -> None:
    checkpoint.add("big", torch.zeros(10**6), files=("__1_0.distcp",))
    checkpoint.add("small", torch.ones(4))
    folder = checkpoint.write()
    with open_distributed_checkpoint(folder) as arrays:
        opened = arrays.bytes_read
        assert opened == (folder / ".metadata").stat().st_size
        arrays.read("small")
        assert arrays.bytes_read - opened < 5000


def test_the_folder_and_its_metadata_are_both_the_checkpoint(checkpoint: DistributedCheckpoint) -> None:
    checkpoint.add("a", torch.ones(2))
    folder = checkpoint.write()
    for path in (folder, folder / ".metadata"):
        assert recognizes(probe_path(path))
        with open_named_arrays(path) as arrays:
            assert (arrays.format, arrays.path) == ("dcp", path)
            assert list(arrays.specs) == ["a"]


def test_a_folder_whose_metadata_are_a_folder_is_something_else(tmp_path: Path) -> None:
    (tmp_path / ".metadata").mkdir()
    assert not recognizes(probe_path(tmp_path))


def test_a_missing_file_is_named_and_the_arrays_of_the_others_are_read(checkpoint: DistributedCheckpoint) -> None:
    checkpoint.add("there", torch.ones(2))
    checkpoint.add("half", torch.ones(2), ((0,), (1,)), ((1,), (1,)), files=("__0_0.distcp", "__1_0.distcp"))
    checkpoint.add("gone", torch.ones(2), files=("__1_0.distcp",))
    folder = checkpoint.write()
    (folder / "__1_0.distcp").unlink()
    with open_distributed_checkpoint(folder) as arrays:
        assert list(arrays.specs) == ["there"]
        assert arrays.skipped == (Skipped("__1_0.distcp", "is not there; 2 arrays should be in it"),)


def test_what_cannot_be_read_is_listed_with_its_reason(checkpoint: DistributedCheckpoint) -> None:
    checkpoint.add("packed", torch.ones(2))
    checkpoint.add("quantized", torch.ones(2))
    for place in checkpoint.places("packed"):
        object.__setattr__(place, "transform_descriptors", ["zstd"])
    checkpoint.metadata.state_dict_metadata["quantized"].properties.dtype = torch.quint8
    with open_distributed_checkpoint(checkpoint.write()) as arrays:
        assert arrays.skipped == (
            Skipped("packed", "was saved through zstd, which bncli does not undo"),
            Skipped("quantized", "its element type quint8 is not one that bncli reads"),
        )


LOCATIONS = ["../secret", "/etc/passwd", "a\0b", "C:\\secret", "..\\secret", "", "link", "folder", "pipe"]


@pytest.mark.parametrize("location", LOCATIONS)
def test_a_file_outside_of_the_folder_is_never_opened(checkpoint: DistributedCheckpoint, location: str) -> None:
    checkpoint.add("a", torch.ones(2))
    for place in checkpoint.places("a"):
        place.relative_path = location
    folder = checkpoint.write()
    (folder / "__0_0.distcp").rename(folder.parent / "secret")
    (folder / "link").symlink_to("../secret")
    (folder / "folder").mkdir()
    os.mkfifo(folder / "pipe")
    with pytest.raises(UnsafeFile):
        open_distributed_checkpoint(folder)


@pytest.mark.parametrize(
    "content", [pickle.dumps({"a": 1}), b"", b"\x80\x04", b"PK\3\4", pickle.dumps(pickle.PickleError)]
)
def test_metadata_that_are_something_else_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / ".metadata").write_bytes(content)
    with pytest.raises(MalformedFile):
        open_distributed_checkpoint(tmp_path)


def test_metadata_and_slices_that_would_run_a_program_are_unsafe(checkpoint: DistributedCheckpoint) -> None:
    attack = call("os.system", text("ls"))
    checkpoint.add("a", torch.ones(4))
    folder = checkpoint.write()
    (folder / ".metadata").write_bytes(PROTOCOL_2 + attack + b".")
    with pytest.raises(UnsafeFile, match=r"os\.system"):
        open_named_arrays(folder)


def test_classes_that_the_metadata_name_are_listed(checkpoint: DistributedCheckpoint) -> None:
    checkpoint.add("a", torch.ones(4))
    with open_distributed_checkpoint(checkpoint.write()) as arrays:
        assert "torch.distributed.checkpoint.metadata.Metadata" in arrays.named_globals

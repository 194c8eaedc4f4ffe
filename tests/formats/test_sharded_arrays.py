from __future__ import annotations

import json
import resource
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from bncli.analysis.input_tensor import choose_array
from bncli.analysis.layer_discovery import discover, survey
from bncli.errors import InputNotFound
from bncli.formats.detection import open_named_arrays
from bncli.formats.located_shards import LocatedShards
from bncli.formats.sharded_arrays import ShardedArrays
from tests.helpers.builders import ArraysInMemory
from tests.helpers.shard_indexes import write_index

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bncli.core.batch_norm_layer import Checkpoint

VALUES = {"a": np.arange(3.0), "b": np.arange(4.0), "c": np.arange(5.0)}
FILE_OF = {"c": "2", "a": "1", "lost": "3", "b": "2"}


class Opener:
    """Opens files that are in memory, and remembers which."""

    def __init__(self) -> None:
        self.opened: list[str] = []

    def __call__(self, path: Path) -> ArraysInMemory:
        self.opened.append(path.name)
        return ArraysInMemory({name: VALUES[name] for name, file in FILE_OF.items() if file == path.name})


@pytest.fixture
def opener() -> Opener:
    return Opener()


@pytest.fixture
def arrays(opener: Opener) -> ShardedArrays:
    shards = LocatedShards({"1": Path("1"), "2": Path("2")}, {"1": 100, "2": 200}, frozenset({"3"}))
    return ShardedArrays(Path("index"), "sharded", 10, FILE_OF, shards, opener)


def test_names_cost_nothing(arrays: ShardedArrays, opener: Opener) -> None:
    assert list(arrays.specs) == ["c", "a", "b"]
    assert len(arrays.specs) == 3
    assert "a" in arrays.specs
    assert "lost" not in arrays.specs
    assert (opener.opened, arrays.bytes_read, arrays.size_bytes) == ([], 10, 310)


def test_a_file_is_opened_once_when_one_of_its_arrays_is_asked_for(arrays: ShardedArrays, opener: Opener) -> None:
    assert arrays.specs["b"].shape == (4,)
    np.testing.assert_array_equal(arrays.read("c"), VALUES["c"])
    np.testing.assert_array_equal(arrays.read_flat("b", 1, 3), VALUES["b"][1:3])
    assert opener.opened == ["2"]
    assert arrays.bytes_read == 10 + VALUES["c"].nbytes + VALUES["b"].nbytes


def test_arrays_lie_file_after_file(arrays: ShardedArrays) -> None:
    assert [arrays.position(name) for name in "acb"] == [10, 110, 111]
    assert list(arrays.read_many(["b", "c", "a"])) == ["a", "c", "b"]


def test_memory_in_two_files_is_never_the_same(arrays: ShardedArrays) -> None:
    assert {arrays.specs[name].identity[0] for name in "abc"} == {"1", "2"}  # type: ignore[index]


@pytest.mark.parametrize("name", ["lost", "nowhere"])
def test_an_array_that_is_not_there_is_an_error_for_the_user(arrays: ShardedArrays, name: str) -> None:
    with pytest.raises(InputNotFound, match=f"no array '{name}'"):
        arrays.read(name)
    with pytest.raises(KeyError):
        arrays.specs[name]


def write_safetensors_of_an_unread_type(path: Path, read: dict[str, int], unread: dict[str, int]) -> None:
    """Write arrays of zeros by name and length: of float32, and of a type of one byte that NumPy lacks."""
    header, at = {}, 0
    for name, length in (read | unread).items():
        dtype, itemsize = ("F32", 4) if name in read else ("F8_E8M0", 1)
        header[name] = {"dtype": dtype, "shape": [length], "data_offsets": [at, at + length * itemsize]}
        at += length * itemsize
    encoded = json.dumps(header).encode()
    path.write_bytes(len(encoded).to_bytes(8, "little") + encoded + bytes(at))


def as_one_file_and_as_an_index(path: Path, names: Iterable[str]) -> list[Checkpoint]:
    index = write_index(path.parent, dict.fromkeys(names, path.name), "pytorch_model.bin.index.json")
    found = []
    for each in (path, index):
        with open_named_arrays(each) as arrays:
            found.append(survey(arrays))
    return found


def test_what_a_file_cannot_use_is_skipped_through_an_index_as_it_is_without(tmp_path: Path) -> None:
    read = {
        "a.running_mean": 4,
        "a.running_var": 4,
        "a.bias": 4,
        "b.running_var": 4,
        "d.running_mean": 4,
        "d.running_var": 4,
    }
    unread = {"a.weight": 4, "b.running_mean": 4, "c.running_mean": 4, "c.running_var": 4, "fc.weight": 8}
    write_safetensors_of_an_unread_type(tmp_path / "m.safetensors", read, unread)
    alone, indexed = as_one_file_and_as_an_index(tmp_path / "m.safetensors", read | unread)
    assert [layer.name for layer in alone.layers] == [layer.name for layer in indexed.layers] == ["a", "d"]
    assert all(layer.weight is None for layer in indexed.layers)
    assert set(indexed.skipped) == set(alone.skipped)
    assert {skipped.name for skipped in indexed.skipped} == {*unread, "b"}


def test_a_sparse_tensor_in_a_shard_of_torch_is_skipped(tmp_path: Path) -> None:
    net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
    state = {**net.state_dict(), "sparse": torch.eye(3).to_sparse(), "1.extra": torch.eye(2).to_sparse()}
    torch.save(state, tmp_path / "m.bin")
    alone, indexed = as_one_file_and_as_an_index(tmp_path / "m.bin", state)
    assert [layer.name for layer in indexed.layers] == [layer.name for layer in alone.layers] == ["1"]
    assert indexed.skipped == alone.skipped != ()


def test_an_array_of_a_shard_that_cannot_be_used_is_told_when_it_is_asked_for(tmp_path: Path) -> None:
    write_safetensors_of_an_unread_type(tmp_path / "m.safetensors", {"x": 2}, {"y": 2})
    index = write_index(tmp_path, dict.fromkeys("xy", "m.safetensors"))
    with open_named_arrays(index) as arrays, pytest.raises(InputNotFound, match="array 'y': its element type F8_E8M0"):
        choose_array(arrays, "y")


def test_an_array_that_its_shard_takes_away_as_it_is_opened_is_told_among_many(tmp_path: Path) -> None:
    write_safetensors_of_an_unread_type(tmp_path / "m.safetensors", {"x": 2}, {"y": 2})
    index = write_index(tmp_path, dict.fromkeys("xy", "m.safetensors"))
    with open_named_arrays(index) as arrays, pytest.raises(InputNotFound, match="no array 'y'"):
        arrays.read_many(arrays.specs)
    with open_named_arrays(index) as arrays, pytest.raises(InputNotFound, match="no array 'y'"):
        arrays.read("y")


def test_aliases_and_classes_of_whole_modules_in_shards_are_carried_over(tmp_path: Path) -> None:
    shared = torch.nn.InstanceNorm1d(2, affine=True, track_running_stats=True)
    torch.save({"net": shared, "ema": shared}, tmp_path / "m.bin")
    with open_named_arrays(tmp_path / "m.bin") as arrays:
        names = list(arrays.specs)
    alone, indexed = as_one_file_and_as_an_index(tmp_path / "m.bin", names)
    assert indexed.aliases == alone.aliases == {"ema": "net"}
    assert indexed.skipped == alone.skipped != ()


@pytest.mark.parametrize("limit", [64, 256])
def test_more_shards_than_a_process_may_open_files_are_read(limit: int, tmp_path: Path) -> None:
    weight_map: dict[str, str] = {}
    for number in range(300):
        file = f"{number}.safetensors"
        held = {f"{number}.running_mean": torch.full((2,), float(number)), f"{number}.running_var": torch.ones(2)}
        save_file(held, tmp_path / file)
        weight_map |= dict.fromkeys(held, file)
    index = write_index(tmp_path, weight_map)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    try:
        with open_named_arrays(index) as arrays:
            layers = discover(arrays).layers
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert [layer.running_mean.tolist() for layer in layers] == [[float(number)] * 2 for number in range(300)]

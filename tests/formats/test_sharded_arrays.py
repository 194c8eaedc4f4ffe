from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bncli.errors import InputNotFound
from bncli.formats.located_shards import LocatedShards
from bncli.formats.sharded_arrays import ShardedArrays
from tests.helpers.builders import ArraysInMemory

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

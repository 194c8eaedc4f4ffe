from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from bncli.formats.byte_source import ByteSource
from bncli.formats.pickled_objects.opened_tree import open_tree
from bncli.formats.pickled_objects.torch_storages import Storage
from bncli.formats.pickles.inert import Record
from bncli.formats.regions import FileRegion

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bncli.formats.regions import Region

CONTENT = np.arange(10, dtype=">f4")


@pytest.fixture
def source(tmp_path: Path) -> Iterator[ByteSource]:
    (tmp_path / "floats").write_bytes(CONTENT.tobytes())
    source = ByteSource(tmp_path / "floats")
    yield source
    source.close()


def tensor(storage: Storage, shape: tuple[int, ...], offset: int = 0) -> Record:
    return Record("torch._utils._rebuild_tensor_v2", (storage, offset, shape, (1,), False, {}))


def opened(source: ByteSource, root: Any) -> Any:
    def storage_region(storage: Storage) -> Region:
        if storage.key != "0":
            raise LookupError(f"no storage {storage.key}")
        return FileRegion(source, 0, source.size)

    return open_tree(source, "floats", root, ["a.B"], storage_region, ">")


def test_tensors_are_read_from_where_their_storages_lie(source: ByteSource) -> None:
    whole, part = Storage("0", "float32", 10, 4), Storage("0", "float32", 4, 4, offset=5)
    arrays = opened(source, {"whole": tensor(whole, (10,)), "part": tensor(part, (3,), offset=1), "epoch": 1})
    np.testing.assert_array_equal(arrays.read("whole"), CONTENT)
    np.testing.assert_array_equal(arrays.read("part"), CONTENT[6:9])
    assert arrays.read("part").dtype.isnative
    assert (arrays.format, arrays.named_globals) == ("floats", {"a.B"})


def test_equal_memory_has_equal_identity_whatever_the_objects(source: ByteSource) -> None:
    whole, part = Storage("0", "float32", 10, 4), Storage("0", "float32", 4, 4, offset=5)
    root = {
        "a": tensor(whole, (2,), 5),
        "b": tensor(part, (2,)),
        "c": tensor(whole, (2,), 4),
        "d": tensor(whole, (3,), 5),
    }
    identity = {name: spec.identity for name, spec in opened(source, root).specs.items()}
    assert identity["a"] == identity["b"]
    assert len(set(identity.values())) == 3


def test_a_storage_that_is_not_there_is_told_with_the_arrays_name(source: ByteSource) -> None:
    with pytest.raises(ValueError, match=r"array 'w': no storage 7"):
        opened(source, {"w": tensor(Storage("7", "float32", 10, 4), (2,))})


def test_a_storage_shorter_than_declared_is_told_with_the_arrays_name(source: ByteSource) -> None:
    with pytest.raises(ValueError, match=r"array 'w': 80 bytes are needed of a storage of 40"):
        opened(source, {"w": tensor(Storage("0", "float32", 20, 4), (20,))})

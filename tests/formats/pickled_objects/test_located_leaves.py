from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from bncli.formats.element_types import ELEMENT_TYPES
from bncli.formats.mapping_on_demand import MappingOnDemand
from bncli.formats.pickled_objects.leaves import TensorView
from bncli.formats.pickled_objects.located_leaves import LocatedLeaves, stored_array
from bncli.formats.pickled_objects.torch_storages import Storage
from bncli.formats.regions import MemoryRegion
from bncli.formats.stored_array import StoredArray

if TYPE_CHECKING:
    from bncli.formats.pickled_objects.leaves import Leaf
    from bncli.formats.regions import Region

VALUES = np.arange(10, dtype="<f4")
FLOAT32 = ELEMENT_TYPES["float32"]
OF_ITS_OWN = StoredArray(MemoryRegion(VALUES.tobytes()), FLOAT32, "<", (3,), (1,))


def view(storage: Storage, length: int, offset: int = 0) -> TensorView:
    return TensorView(storage, FLOAT32, offset, (length,), (1,))


def inside(size: int, *, offset: int = 0) -> Storage:
    return Storage("0", "float32", size, 4, offset)


def located(stands_for: dict[str, str] | None = None, **leaves: Leaf) -> LocatedLeaves:
    def storage_region(storage: Storage) -> Region:
        if storage.key != "0":
            raise LookupError(f"no storage {storage.key}")
        return MemoryRegion(VALUES.tobytes())

    return LocatedLeaves(leaves, storage_region, "<", stands_for or {})


def test_an_array_is_the_part_of_its_storage_that_it_views() -> None:
    leaves = located(a=view(inside(10), 3, 2), b=view(inside(4, offset=5), 3, 1))
    np.testing.assert_array_equal(leaves.array("a").whole(), VALUES[2:5])
    np.testing.assert_array_equal(leaves.array("b").whole(), VALUES[6:9])


def test_an_array_is_made_once() -> None:
    leaves = located(a=view(inside(10), 3))
    assert leaves.array("a") is leaves.array("a")


def test_names_keep_their_order_and_others_are_no_keys() -> None:
    named: dict[str, Leaf] = {"b": view(inside(10), 3), "a": OF_ITS_OWN}
    leaves = MappingOnDemand(named, located(**named).array)
    assert (list(leaves), len(leaves), "a" in leaves, "c" in leaves) == (["b", "a"], 2, True, False)
    with pytest.raises(KeyError):
        leaves["c"]


@pytest.mark.parametrize(
    ("leaf", "message"),
    [
        pytest.param(view(Storage("7", "float32", 10, 4), 2), "array 'w': no storage 7", id="not there"),
        pytest.param(view(inside(11), 11), "array 'w': 44 bytes are needed of a storage of 40", id="too short"),
        pytest.param(view(inside(10, offset=1), 10), "array 'w': 44 bytes are needed", id="a view that starts late"),
    ],
)
def test_a_storage_without_the_bytes_is_told_before_any_array_is_asked_for(leaf: Leaf, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        located(a=view(inside(10), 3), w=leaf)


def test_a_storage_that_is_too_short_will_do_for_an_array_that_needs_less() -> None:
    np.testing.assert_array_equal(located(a=view(inside(20), 10)).array("a").whole(), VALUES)


def test_element_types_that_stand_for_others_are_taken_for_these() -> None:
    leaves = located({"float32": "uint32"}, a=view(inside(10), 3), b=OF_ITS_OWN)
    assert leaves.array("a").element == leaves.array("b").element == ELEMENT_TYPES["uint32"]


def test_equal_memory_has_equal_identity() -> None:
    other = StoredArray(OF_ITS_OWN.region, FLOAT32, "<", (3,), (1,))
    content = MemoryRegion(VALUES.tobytes())
    inline = Storage("0", "float32", 10, 4, content=content)
    leaves = {
        "a": view(inside(10), 2, 5),
        "b": view(inside(4, offset=5), 2),
        "c": view(inside(10), 2, 4),
        "d": OF_ITS_OWN,
        "e": OF_ITS_OWN,
        "f": other,
        "g": view(inline, 2, 5),
        "h": view(inline, 2, 5),
    }
    found = located(**leaves)
    identity = {name: found.identity(name) for name in leaves}
    assert identity["a"] == identity["b"]
    assert identity["d"] == identity["e"]
    assert identity["g"] == identity["h"]
    assert len(set(identity.values())) == 5


def test_identities_do_not_depend_on_which_is_asked_for_first() -> None:
    leaves = {"a": OF_ITS_OWN, "b": StoredArray(OF_ITS_OWN.region, FLOAT32, "<", (3,), (1,))}
    first, second = located(**leaves), located(**leaves)
    assert [first.identity("a"), first.identity("b")] == [second.identity("b"), second.identity("a")][::-1]


def test_a_lone_array_is_located_like_one_of_many() -> None:
    def storage_region(_: Storage) -> Region:
        return MemoryRegion(VALUES.tobytes())

    np.testing.assert_array_equal(stored_array("w", view(inside(10), 3, 2), storage_region, "<").whole(), VALUES[2:5])
    assert stored_array("w", OF_ITS_OWN, storage_region, "<") is OF_ITS_OWN

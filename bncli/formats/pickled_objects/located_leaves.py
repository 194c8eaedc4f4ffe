"""Where the arrays of a pickle lie: their storages are looked for at once, and each array is made when asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bncli.formats.element_types import ELEMENT_TYPES
from bncli.formats.stored_array import StoredArray

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping

    from bncli.formats.element_types import ByteOrder
    from bncli.formats.pickled_objects.leaves import Leaf, TensorView
    from bncli.formats.pickled_objects.torch_storages import Storage
    from bncli.formats.regions import Region


class LocatedLeaves:
    """The arrays of a pickle by name, with their bytes. Of a file of 100,000 arrays those of a few hundred are wanted.

    Args:
        leaves: the arrays by name.
        storage_region: finds the bytes of a storage.
        byte_order: of the elements of all storages.
        stands_for: element types in whose place the program that wrote the file could only store others, by these.

    Raises:
        ValueError: a storage is not in the file, or is too short for an array.
    """

    def __init__(
        self,
        leaves: Mapping[str, Leaf],
        storage_region: Callable[[Storage], Region],
        byte_order: ByteOrder,
        stands_for: Mapping[str, str],
    ) -> None:
        self._leaves = leaves
        self._byte_order = byte_order
        self._stands_for = stands_for
        self._regions: dict[str, Region] = {}
        self._arrays: dict[str, StoredArray] = {}
        # Of the objects that hold bytes of their own, by their `id`.
        self._numbers: dict[int, int] = {}
        for name, leaf in leaves.items():
            if isinstance(leaf, StoredArray):
                self._numbers.setdefault(id(leaf), len(self._numbers))
                continue
            if leaf.storage.content is not None:
                self._numbers.setdefault(id(leaf.storage.content), len(self._numbers))
            region = self._regions[name] = _region(name, leaf, storage_region)
            if not _surely_fits(leaf, region):
                self._arrays[name] = self._made(name)

    def array(self, name: str) -> StoredArray:
        """Return an array by its name, the same one each time."""
        array = self._arrays.get(name)
        if array is None:
            array = self._arrays[name] = self._made(name)
        return array

    def identity(self, name: str) -> Hashable:
        """Return what tells the memory of an array from that of all others in the file, the same for each opening."""
        leaf = self._leaves[name]
        if isinstance(leaf, StoredArray):
            # An array that was met again is the same object; a pickle of NumPy's arrays keeps no views of one memory.
            return self._numbers[id(leaf)]
        storage = leaf.storage
        key: Hashable = storage.key if storage.content is None else self._numbers[id(storage.content)]
        return (key, storage.offset + leaf.offset, leaf.shape, leaf.strides)

    def _made(self, name: str) -> StoredArray:
        leaf = self._leaves[name]
        array = leaf if isinstance(leaf, StoredArray) else _array(name, leaf, self._regions[name], self._byte_order)
        meant = self._stands_for.get(array.element.name)
        return array if meant is None else replace(array, element=ELEMENT_TYPES[meant])


def stored_array(
    name: str, leaf: Leaf, storage_region: Callable[[Storage], Region], byte_order: ByteOrder
) -> StoredArray:
    """Return where one array of a pickle lies; arguments and errors as of `LocatedLeaves`."""
    if isinstance(leaf, StoredArray):
        return leaf
    return _array(name, leaf, _region(name, leaf, storage_region), byte_order)


def _region(name: str, leaf: TensorView, storage_region: Callable[[Storage], Region]) -> Region:
    try:
        return storage_region(leaf.storage) if leaf.storage.content is None else leaf.storage.content
    except (LookupError, ValueError) as fault:
        raise ValueError(f"array {name!r}: {fault}") from fault


def _surely_fits(leaf: TensorView, region: Region) -> bool:
    """Whether an array must lie in its region because it lies in its storage, which begins there."""
    return leaf.storage.offset == 0 and leaf.storage.size_bytes <= region.size


def _array(name: str, leaf: TensorView, region: Region, byte_order: ByteOrder) -> StoredArray:
    storage = leaf.storage
    first = (storage.offset * storage.itemsize) // leaf.element.itemsize + leaf.offset
    try:
        return StoredArray(region, leaf.element, byte_order, leaf.shape, leaf.strides, first)
    except ValueError as fault:
        raise ValueError(f"array {name!r}: {fault}") from fault

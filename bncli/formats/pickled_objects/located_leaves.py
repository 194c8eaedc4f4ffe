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
    """The arrays of a pickle together with their bytes. Of a file of 100,000 arrays those of a few hundred are wanted.

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
        self._storage_region = storage_region
        self._byte_order = byte_order
        self._stands_for = stands_for
        self._arrays: dict[str, StoredArray] = {}
        # Of the objects that hold bytes of their own, by their `id`.
        self._numbers: dict[int, int] = {}
        for name, leaf in leaves.items():
            own_bytes = leaf if isinstance(leaf, StoredArray) else leaf.storage.content
            if own_bytes is not None:
                self._numbers.setdefault(id(own_bytes), len(self._numbers))
            if not isinstance(leaf, StoredArray) and not _surely_fits(leaf, _region(name, leaf, storage_region)):
                self.array(name)

    def array(self, name: str) -> StoredArray:
        """Return one of the arrays."""
        array = self._arrays.get(name)
        if array is None:
            array = stored_array(name, self._leaves[name], self._storage_region, self._byte_order)
            meant = self._stands_for.get(array.element.name)
            array = array if meant is None else replace(array, element=ELEMENT_TYPES[meant])
            self._arrays[name] = array
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


def stored_array(
    name: str, leaf: Leaf, storage_region: Callable[[Storage], Region], byte_order: ByteOrder
) -> StoredArray:
    """Return where one array of a pickle lies; arguments and errors as of `LocatedLeaves`."""
    if isinstance(leaf, StoredArray):
        return leaf
    storage = leaf.storage
    region = _region(name, leaf, storage_region)
    first = (storage.offset * storage.itemsize) // leaf.element.itemsize + leaf.offset
    try:
        return StoredArray(region, leaf.element, byte_order, leaf.shape, leaf.strides, first)
    except ValueError as fault:
        raise ValueError(f"array {name!r}: {fault}") from fault


def _region(name: str, leaf: TensorView, storage_region: Callable[[Storage], Region]) -> Region:
    try:
        return storage_region(leaf.storage) if leaf.storage.content is None else leaf.storage.content
    except (LookupError, ValueError) as fault:
        raise ValueError(f"array {name!r}: {fault}") from fault


def _surely_fits(leaf: TensorView, region: Region) -> bool:
    """Whether an array must lie in its region because it lies in its storage, which begins there."""
    return leaf.storage.offset == 0 and leaf.storage.size_bytes <= region.size

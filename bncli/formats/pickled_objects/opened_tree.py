"""From the objects in a torch checkpoint to its arrays, wherever the storages lie."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bncli.formats.element_types import ELEMENT_TYPES
from bncli.formats.opened_file import OpenedFile
from bncli.formats.pickled_objects.optimizer_shards import reason_for_no_layers
from bncli.formats.pickled_objects.tree import walk_objects
from bncli.formats.stored_array import StoredArray

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping

    from bncli.formats.byte_source import ByteSource
    from bncli.formats.element_types import ByteOrder
    from bncli.formats.pickled_objects.leaves import Leaf
    from bncli.formats.pickled_objects.torch_storages import Storage
    from bncli.formats.regions import Region


def open_tree(
    source: ByteSource,
    format_name: str,
    root: Any,
    named_globals: Iterable[str],
    storage_region: Callable[[Storage], Region],
    byte_order: ByteOrder = "<",
    stands_for: Mapping[str, str] | None = None,
) -> OpenedFile:
    """Return the arrays under an unpickled object.

    Args:
        source: the open file.
        format_name: name of the format.
        root: what the pickle holds.
        named_globals: every class and function that the pickle names.
        storage_region: finds the bytes of a storage.
        byte_order: of the elements of all storages.
        stands_for: element types in whose place the program that wrote the file could only store others, by these.

    Raises:
        ValueError: an array needs bytes that its storage does not have.
        LookupError: a storage is not in the file.
    """
    found = walk_objects(root)
    arrays: dict[str, StoredArray] = {}
    identities: dict[str, Hashable] = {}
    numbers: dict[int, int] = {}
    for name, leaf in found.leaves.items():
        array = stored_array(name, leaf, storage_region, byte_order)
        meant = (stands_for or {}).get(array.element.name)
        arrays[name] = array if meant is None else replace(array, element=ELEMENT_TYPES[meant])
        identities[name] = _identity(leaf, numbers)
    opened = OpenedFile(
        source,
        format_name,
        arrays,
        identities=identities,
        hints=found.hints,
        aliases=found.aliases,
        skipped=found.skipped,
        named_globals=named_globals,
    )
    opened.without_layers = reason_for_no_layers(root)
    return opened


def stored_array(
    name: str, leaf: Leaf, storage_region: Callable[[Storage], Region], byte_order: ByteOrder
) -> StoredArray:
    """Return where an array of a pickle lies; arguments and errors as in `open_tree`."""
    if isinstance(leaf, StoredArray):
        return leaf
    storage = leaf.storage
    try:
        region = storage_region(storage) if storage.content is None else storage.content
        first = (storage.offset * storage.itemsize) // leaf.element.itemsize + leaf.offset
        return StoredArray(region, leaf.element, byte_order, leaf.shape, leaf.strides, first)
    except (LookupError, ValueError) as fault:
        raise ValueError(f"array {name!r}: {fault}") from fault


def _identity(leaf: Leaf, numbers: dict[int, int]) -> Hashable:
    """Return what tells the memory of an array from that of all others in the file, the same whenever it is opened.

    Args:
        leaf: the array.
        numbers: what was counted up to now of the objects that hold bytes of their own, by their `id`.
    """
    if isinstance(leaf, StoredArray):
        # An array that was met again is the same object; a pickle of NumPy's arrays keeps no views of one memory.
        return numbers.setdefault(id(leaf), len(numbers))
    storage = leaf.storage
    key: Hashable = storage.key
    if storage.content is not None:
        key = numbers.setdefault(id(storage.content), len(numbers))
    return (key, storage.offset + leaf.offset, leaf.shape, leaf.strides)

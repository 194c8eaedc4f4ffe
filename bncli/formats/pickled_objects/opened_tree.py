"""From the objects in a torch checkpoint to its arrays, wherever the storages lie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bncli.formats.mapping_on_demand import MappingOnDemand
from bncli.formats.opened_file import OpenedFile
from bncli.formats.pickled_objects.located_leaves import LocatedLeaves
from bncli.formats.pickled_objects.optimizer_shards import reason_for_no_layers
from bncli.formats.pickled_objects.tree import walk_objects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from bncli.formats.byte_source import ByteSource
    from bncli.formats.element_types import ByteOrder
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
        ValueError: a storage is not in the file, or has not the bytes that an array needs.
    """
    found = walk_objects(root)
    located = LocatedLeaves(found.leaves, storage_region, byte_order, stands_for or {})
    opened = OpenedFile(
        source,
        format_name,
        MappingOnDemand(found.leaves, located.array),
        identities=MappingOnDemand(found.leaves, located.identity),
        hints=found.hints,
        aliases=found.aliases,
        skipped=found.skipped,
        named_globals=named_globals,
    )
    opened.without_layers = reason_for_no_layers(root)
    return opened

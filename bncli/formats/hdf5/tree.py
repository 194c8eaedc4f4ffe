"""The groups and datasets of an HDF5 file, as far as they lie in the file itself."""

from __future__ import annotations

from collections import deque
from dataclasses import field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from bncli.core.name_length import require_short
from bncli.core.named_arrays import Skipped
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_MAX_OBJECTS = 500_000
_MAX_DEPTH = 64
_MAX_TEXT_BYTES = 64 * 1024**2


T = TypeVar("T")


@dataclass(slots=True)
class Tree(Generic[T]):
    """What a file holds. None of h5py's objects: the library takes ten kilobytes for each that is open."""

    datasets: dict[str, T] = field(default_factory=dict)
    """What was made of the datasets by path, in the order in which they lie in the file."""
    groups: list[str] = field(default_factory=list)
    """Paths of the groups, that of the root is empty."""
    skipped: list[Skipped] = field(default_factory=list)
    """Links that lead out of the file, or to another name in it."""


def read_tree(root: Any, prunes: Callable[[str], bool], describe: Callable[[Any], T]) -> Tree[T]:
    """Return the groups and datasets under hard links, each object under the first path that leads to it.

    Args:
        root: h5py's file.
        prunes: whether to leave out the object at a path, and all below it.
        describe: makes of one of h5py's datasets what is to be kept of it.

    Raises:
        ValueError: there are too many objects, groups are nested too deep, or a name is too long.
    """
    import h5py  # noqa: PLC0415 - an extra, which the caller has imported

    tree: Tree[T] = Tree()
    addresses: dict[str, int] = {}
    visited: set[int] = set()
    waiting = deque([("", root)])
    while waiting:
        path, group = waiting.popleft()
        tree.groups.append(path)
        for name, address, item in _children(path, group, tree.skipped, prunes):
            # An object is entered when it is first met: level by level, so that the shortest path names it.
            if address in visited:
                continue
            visited.add(address)
            if len(visited) > _MAX_OBJECTS or name.count("/") > _MAX_DEPTH:
                raise ValueError(f"over {_MAX_OBJECTS} objects, or groups nested over {_MAX_DEPTH} deep")
            if isinstance(item, h5py.Group):
                waiting.append((name, item))
            elif isinstance(item, h5py.Dataset):
                tree.datasets[name] = describe(item)
                addresses[name] = address
    tree.datasets = dict(sorted(tree.datasets.items(), key=lambda entry: addresses[entry[0]]))
    return tree


def _children(
    path: str, group: Any, skipped: list[Skipped], prunes: Callable[[str], bool]
) -> Iterator[tuple[str, int, Any]]:
    """Return what hard links of a group lead to: the path, where it lies in the file, and h5py's object."""
    import h5py  # noqa: PLC0415 - an extra, which the caller has imported

    names: set[str] = set()
    for key in group:
        # h5py gives bytes where a name is no UTF-8; what cannot be told is told by its number.
        name = key.decode(errors="backslashreplace") if isinstance(key, bytes) else key
        child = f"{path}/{name}".lstrip("/")
        require_short([child])
        if prunes(child):
            continue
        if name in names:
            skipped.append(Skipped(child, "a second object of this name, as far as it is text"))
            continue
        names.add(name)
        encoded = key if isinstance(key, bytes) else key.encode()
        link = group.id.links.get_info(encoded)
        if link.type == h5py.h5l.TYPE_HARD:
            yield child, link.u, _opened(h5py.h5o.open(group.id, encoded))
        else:
            kind = "another name" if link.type == h5py.h5l.TYPE_SOFT else "another file"
            skipped.append(Skipped(child, f"is a link to {kind}, which is not followed"))


def _opened(identifier: Any) -> Any:
    """Return h5py's object; `group[key]` would ask the library for the whole file's state with each."""
    import h5py  # noqa: PLC0415 - an extra, which the caller has imported

    if isinstance(identifier, h5py.h5g.GroupID):
        return h5py.Group(identifier)
    return h5py.Dataset(identifier, readonly=True) if isinstance(identifier, h5py.h5d.DatasetID) else None


def text_attribute(item: Any, key: str) -> str | None:
    """Return a text that stands beside a group or dataset, or `None` where there is none.

    Raises:
        ValueError: it is far too long, or no text of UTF-8.
    """
    import h5py  # noqa: PLC0415 - an extra, which the caller has imported

    if key not in item.attrs:
        return None
    attribute = h5py.h5a.open(item.id, key.encode())
    kind = attribute.get_type()
    if not isinstance(kind, h5py.h5t.TypeStringID) or attribute.shape != () or kind.get_size() > _MAX_TEXT_BYTES:
        return None
    value = item.attrs[key]
    if len(value) > _MAX_TEXT_BYTES:
        raise ValueError(f"the attribute {key!r} is {len(value)} bytes long")
    return value.decode() if isinstance(value, bytes) else str(value)

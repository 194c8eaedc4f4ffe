"""The tree of objects in a pickle: every array by its dotted path, and what the modules say about themselves."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any, NamedTuple

from bncli.core.name_length import MAX_NAME_LENGTH
from bncli.core.named_arrays import LayerHint, Skipped
from bncli.formats.byte_source import describe_fault
from bncli.formats.pickled_objects.called_containers import called_contents
from bncli.formats.pickled_objects.inline_storages import InlineStorages
from bncli.formats.pickled_objects.leaves import Unreadable
from bncli.formats.pickled_objects.numpy_records import numpy_array
from bncli.formats.pickled_objects.torch_modules import layer_hint, module_parts, unread_settings
from bncli.formats.pickled_objects.torch_tensors import torch_tensor
from bncli.formats.pickled_objects.written_bytes import written_bytes
from bncli.formats.pickles.inert import AttributedDict, GlobalName, Record, TextKey
from bncli.light_dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bncli.formats.pickled_objects.leaves import Leaf

ROOT_ARRAY_NAME = "tensor"
"""What the array is called in a file that holds one array and no names."""

_CONTAINERS = frozenset({dict, AttributedDict, list, tuple, Record})
_KEYS = frozenset({str, bytes, int, float, bool, type(None), GlobalName, Record, TextKey})
"""What an element of an object has before its value, where it is an entry of a dictionary."""
_MAX_DEPTH = 64
_SHOWN_NAME_LENGTH = 80
_LONGEST_SHOWN_KEY = 4 * MAX_NAME_LENGTH + 1
"""Bytes that are more characters than a name may have."""
_SCANNED_PARTS = 8
"""Of the arguments or the state of an object, which any number of others may share."""
_MAX_ALIASES = 100_000
"""More names of the same containers than any model has, and few enough to be held and shown."""


@dataclass(slots=True)
class ObjectTree:
    """What was found, in the file's order."""

    leaves: dict[str, Leaf] = field(default_factory=dict)
    hints: list[LayerHint] = field(default_factory=list)
    aliases: dict[str, str] = field(default_factory=dict)
    skipped: list[Skipped] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Node:
    name: str
    value: Any
    depth: int
    parent: int
    """`id` of the container; the containers live as long as the walk."""
    key: Any


class _Place(NamedTuple):
    """Where a container was found."""

    parent: int
    """`id` of the container that holds it; 0 for the root."""
    key: Any


def walk_objects(root: Any) -> ObjectTree:
    """Find every array under an object.

    Each container is walked once, however often it is referred to, so that neither cycles nor references that double at
    every level can make this long; its first path in document order names what is in it.

    Raises:
        ValueError: a record claims to be an array, and its parts are none that an array has.
    """
    walk = _Walk()
    walk.run(root)
    return walk.found


class _Walk:
    def __init__(self) -> None:
        self.found = ObjectTree()
        self._storages = InlineStorages()
        # Of each container its place, from which its name can be told: names of all of them would fill the memory.
        self._places: dict[int, _Place] = {}
        # Of each container by whose parts it was entered: objects may share their dictionaries.
        self._entered_by: dict[int, int] = {}
        self._leaves: dict[int, Leaf | Unreadable] = {}
        self._holding: set[int] = set()
        self._repeated: list[tuple[_Place, int]] = []

    def run(self, root: Any) -> None:
        if type(root) in _CONTAINERS and not self._takes_leaf(ROOT_ARRAY_NAME, root, 0):
            self._walk(_Node("", root, 0, 0, None))
        for place, container in self._repeated:
            if container in self._holding:
                self._add_alias(self._name(place), self._name(self._places[container]))

    def _walk(self, root: _Node) -> None:
        """Go through a container and those in it, depth first. Python's own recursion would have no room for them."""
        entered = [self._enter(root)]
        while entered:
            for node in entered[-1]:
                entered.append(self._enter(node))
                break
            else:
                entered.pop()

    def _takes_leaf(self, name: str, value: Any, parent: int) -> bool:
        """Take in an array, readable or not, and say whether it was one. By any number of names it is one object."""
        if type(value) is not Record:
            return False
        leaf = self._leaves.get(id(value))
        if leaf is None:
            leaf = _leaf(name, value, self._storages)
            if leaf is None:
                return False
            self._leaves[id(value)] = leaf
        if isinstance(leaf, Unreadable):
            self.found.skipped.append(Skipped(name, leaf.reason))
        elif name in self.found.leaves:
            self.found.skipped.append(Skipped(name, "a second array of this name"))
        else:
            self.found.leaves[name] = leaf
            self._mark_holding(parent)
        return True

    def _add_alias(self, name: str, first_name: str) -> None:
        if len(self.found.aliases) == _MAX_ALIASES:
            raise ValueError(f"over {_MAX_ALIASES} names of containers that have another name")
        self.found.aliases[name] = first_name

    def _name(self, place: _Place) -> str:
        keys = []
        while place.parent:
            keys.append(_key_text(place.key))
            place = self._places[place.parent]
        return ".".join(reversed(keys))

    def _mark_holding(self, container: int) -> None:
        while container and container not in self._holding:
            self._holding.add(container)
            container = self._places[container].parent

    def _is_inside(self, container: int, ancestor: int) -> bool:
        """Whether a container is another one or lies in it: a reference from there is a cycle, not a second name."""
        while container and container != ancestor:
            container = self._places[container].parent
        return container == ancestor

    def _enter(self, node: _Node) -> Iterator[_Node]:
        """Return the children of a container that was not walked yet."""
        identity = id(node.value)
        place = _Place(node.parent, node.key)
        if identity in self._places:
            self._note_repeated(place, identity)
            return
        self._places[identity] = place
        if type(node.value) is Record:
            self._describe(node.name, node.value)
        for part, entries in _parts(node.value, is_root=node.depth == 0):
            owner = self._entered_by.setdefault(id(part), identity)
            if owner == identity:
                yield from self._children(node, entries)
            elif part:
                self._note_repeated(place, owner)

    def _note_repeated(self, place: _Place, container: int) -> None:
        if not self._is_inside(place.parent, container):
            self._repeated.append((place, container))

    def _children(self, node: _Node, entries: Iterable[tuple[Any, Any]]) -> Iterator[_Node]:
        """Yield the containers that a container holds; take in its arrays on the way."""
        parent = id(node.value)
        for key, value in entries:
            if type(value) not in _CONTAINERS or not value:
                continue
            text = key if type(key) is str else _key_text(key)
            # Any number of dictionaries may have one long key.
            name = f"{node.name}.{text[:MAX_NAME_LENGTH]}" if node.depth else text
            if node.depth == _MAX_DEPTH or len(name) > MAX_NAME_LENGTH:
                self.found.skipped.append(
                    Skipped(f"{name[:_SHOWN_NAME_LENGTH]}...", "nested too deep, or its name too long")
                )
            elif not self._takes_leaf(name, value, parent):
                yield _Node(name, value, node.depth + 1, parent, key)

    def _describe(self, name: str, record: Record) -> None:
        hint = layer_hint(name, record)
        if hint is not None:
            self.found.hints.append(hint)
            for setting in unread_settings(hint, record):
                path = f"{name}.{setting}" if name else setting
                self.found.skipped.append(Skipped(path, "a setting whose value is no number that bncli reads"))
        arguments = record.args[:_SCANNED_PARTS]
        scanned = (value for value in arguments if type(value) is Record)
        # With a dictionary beside them, arrays are parts of a tree, which a training state kept as a named tuple is.
        if not any(isinstance(value, dict) for value in arguments) and any(
            torch_tensor(value, self._storages) or numpy_array(value) for value in scanned
        ):
            self.found.skipped.append(Skipped(name, f"an object of class {record.class_name}, not a plain array"))


def _leaf(name: str, record: Record, storages: InlineStorages) -> Leaf | Unreadable | None:
    try:
        return torch_tensor(record, storages) or numpy_array(record)
    except (IndexError, TypeError, ValueError) as fault:
        raise ValueError(f"array {name or ROOT_ARRAY_NAME!r}: {describe_fault(fault)}") from fault


def _parts(value: Any, *, is_root: bool) -> Iterator[tuple[Any, Iterable[tuple[Any, Any]]]]:
    """Yield the containers whose entries a node holds, each with these: itself, or those of an object."""
    if isinstance(value, dict):
        yield value, (entry for entry in value.items() if not (is_root and _is_optimizer(entry[0])))
    elif isinstance(value, (list, tuple)):
        yield value, enumerate(value)
    else:
        yield from _parts_of_object(value)


def _parts_of_object(record: Record) -> Iterator[tuple[Any, Iterable[tuple[Any, Any]]]]:
    """Yield what an object of any class holds: its attributes, then its elements; or what its call was given."""
    called = called_contents(record)
    if isinstance(called, tuple):
        yield called, enumerate(called)
        return
    state = record.state if called is None else called
    parts = module_parts(state)
    if parts is not None:
        yield from ((part, part.items()) for part in parts)
        return
    # With slots, a state is a pair: attributes in the dictionary, attributes in slots.
    for attributes in state[:_SCANNED_PARTS] if type(state) is tuple else (state,):
        if isinstance(attributes, dict):
            yield attributes, attributes.items()
    yield record.items, _elements(record)


def _elements(record: Record) -> Iterator[tuple[Any, Any]]:
    for index, item in enumerate(record.items):
        if type(item) is tuple and len(item) == 2 and type(item[0]) in _KEYS:  # noqa: PLR2004 - key and value
            yield item
        else:
            yield index, item


def _is_optimizer(key: Any) -> bool:
    return type(key) is str and key.startswith("optimizer")


def _key_text(key: Any) -> str:
    """Return a key as a part of a name; of a very long one, enough to show that the name is too long."""
    if type(key) is TextKey:
        key = key.value
    if type(key) is tuple:
        return ".".join(map(_key_text, key))
    if type(key) is GlobalName:
        return key.name
    if type(key) is Record:
        written = written_bytes(key)
        if type(written) is str:
            written = written[:_LONGEST_SHOWN_KEY].encode("latin-1", "replace")
        key = written if type(written) is bytes else key.class_name
    if type(key) is bytes:
        return key[:_LONGEST_SHOWN_KEY].decode("utf-8", "backslashreplace")
    return str(key)

"""Pickle instructions that make and fill lists, tuples and dictionaries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bncli.formats.pickles.errors import BrokenPickle
from bncli.formats.pickles.inert import AttributedDict, GlobalName, Record, TextKey

if TYPE_CHECKING:
    from bncli.formats.pickles.machine import Machine

_KEY_TYPES = frozenset({str, float, bool, type(None), bytes, GlobalName, Record})
_MAX_KEY_NESTING = 4
_MAX_KEY_PARTS = 64
_MAX_KEY_LENGTH = 1024
_MAX_HASHED_INTEGER = 2**60


def empty_list(machine: Machine, at: int) -> int:
    """EMPTY_LIST and EMPTY_SET: push a list; sets are kept as lists, so that nothing has to be hashed."""
    machine.stack.append([])
    return at


def empty_dict(machine: Machine, at: int) -> int:
    """EMPTY_DICT: push a dictionary."""
    machine.stack.append({})
    return at


def empty_tuple(machine: Machine, at: int) -> int:
    """EMPTY_TUPLE: push the tuple of nothing."""
    machine.stack.append(())
    return at


def tuple1(machine: Machine, at: int) -> int:
    """TUPLE1: wrap the top value."""
    machine.stack[-1] = (machine.stack[-1],)
    return at


def tuple2(machine: Machine, at: int) -> int:
    """TUPLE2: wrap the two top values."""
    machine.stack[-2:] = [(machine.stack[-2], machine.stack[-1])]
    return at


def tuple3(machine: Machine, at: int) -> int:
    """TUPLE3: wrap the three top values."""
    machine.stack[-3:] = [(machine.stack[-3], machine.stack[-2], machine.stack[-1])]
    return at


def marked_tuple(machine: Machine, at: int) -> int:
    """TUPLE and FROZENSET: wrap what follows the mark."""
    items = machine.pop_marked()
    machine.stack.append(tuple(items))
    return at


def marked_list(machine: Machine, at: int) -> int:
    """LIST: make a list of what follows the mark."""
    items = machine.pop_marked()
    machine.stack.append(items)
    return at


def marked_dict(machine: Machine, at: int) -> int:
    """DICT: make a dictionary of what follows the mark."""
    items = machine.pop_marked()
    made: dict[Any, Any] = {}
    set_items(made, items)
    machine.stack.append(made)
    return at


def append(machine: Machine, at: int) -> int:
    """APPEND: append one value."""
    item = machine.stack.pop()
    _extend(machine.stack[-1], [item])
    return at


def extend(machine: Machine, at: int) -> int:
    """APPENDS and ADDITEMS: append what follows the mark."""
    items = machine.pop_marked()
    _extend(machine.stack[-1], items)
    return at


def set_item(machine: Machine, at: int) -> int:
    """SETITEM: set one key."""
    pair = machine.stack[-2:]
    del machine.stack[-2:]
    set_items(machine.stack[-1], pair)
    return at


def set_marked_items(machine: Machine, at: int) -> int:
    """SETITEMS: set the keys that follow the mark."""
    items = machine.pop_marked()
    set_items(machine.stack[-1], items)
    return at


def set_items(target: Any, items: list[Any]) -> None:
    """Set keys and values that alternate in `items`, in a dictionary or on a record and nothing else."""
    if len(items) % 2:
        raise BrokenPickle("a key without a value")
    if type(target) is dict or type(target) is AttributedDict:
        target.update(zip(map(plain_key, items[::2]), items[1::2], strict=True))
    elif type(target) is Record:
        keys = (plain_key(key) if type(key) is tuple else key for key in items[::2])
        target.items.extend(zip(keys, items[1::2], strict=True))
    else:
        raise BrokenPickle(f"items set on a {type(target).__name__}")


def plain_key(key: Any) -> Any:
    """Return a key as a dictionary is to hold it, and refuse what is no plain value.

    Integers beyond the modulus of Python's hash, and tuples of any numbers, can be chosen so that all of them collide.
    """
    kind = type(key)
    if kind in _KEY_TYPES or (kind is int and abs(key) < _MAX_HASHED_INTEGER):
        return key
    if kind is not tuple and kind is not int:
        raise BrokenPickle(f"a {kind.__name__} that cannot be a key")
    texts: list[str] = []
    _take_text(key, texts, 0)
    return TextKey(" ".join(texts), key)


def _take_text(part: Any, texts: list[str], nesting: int) -> None:
    """Append texts that tell a part of a key from all others; a tuple can be named any number of times within one."""
    if len(texts) == _MAX_KEY_PARTS or nesting > _MAX_KEY_NESTING:
        raise BrokenPickle(f"a tuple of over {_MAX_KEY_PARTS} parts, or nested too deep, that cannot be a key")
    if type(part) is tuple:
        texts.append(str(len(part)))
        for inner in part:
            _take_text(inner, texts, nesting + 1)
        return
    key: Any = part if type(part) is int else plain_key(part)
    if type(key) in (str, bytes) and len(key) > _MAX_KEY_LENGTH:
        raise BrokenPickle(f"a tuple with a text of {len(key)} characters that cannot be a key")
    texts.append(str(id(key)) if type(key) is Record else repr(key))


def _extend(target: Any, items: list[Any]) -> None:
    if type(target) is list:
        target.extend(items)
    elif type(target) is Record:
        target.items.extend(items)
    else:
        raise BrokenPickle(f"items appended to a {type(target).__name__}")

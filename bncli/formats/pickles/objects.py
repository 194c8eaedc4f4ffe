"""Pickle instructions that name globals, call them and set the state of objects: all of it inert."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bncli.formats.pickles.containers import set_items
from bncli.formats.pickles.errors import BrokenPickle
from bncli.formats.pickles.inert import AttributedDict, GlobalName, Record
from bncli.formats.pickles.operands import line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bncli.formats.pickles.machine import Machine

_CALL_OF_RECORD = "(call of an object)"


def line_global(machine: Machine, at: int) -> int:
    """GLOBAL: push the stand-in for a class or function."""
    found, at = _named_by_lines(machine, at)
    machine.stack.append(found)
    return at


def stack_global(machine: Machine, at: int) -> int:
    """STACK_GLOBAL: replace module and name by the stand-in for a class or function."""
    name = machine.stack.pop()
    module = machine.stack.pop()
    if type(module) is not str or type(name) is not str:
        raise BrokenPickle("a global whose name is not text")
    machine.stack.append(machine.name_global(module, name))
    return at


def reduce(machine: Machine, at: int) -> int:
    """REDUCE and NEWOBJ: record a call, which a construction is too."""
    args = machine.stack.pop()
    machine.stack[-1] = _call(machine.stack[-1], args)
    return at


def new_object_with_keywords(machine: Machine, at: int) -> int:
    """NEWOBJ_EX: record a construction with keyword arguments."""
    keywords = machine.stack.pop()
    args = machine.stack.pop()
    target = machine.stack[-1]
    machine.stack[-1] = Record(_name_of_called(target), (args, keywords))
    return at


def marked_object(machine: Machine, at: int) -> int:
    """OBJ: record the construction of a class and arguments that follow the mark."""
    target, *args = machine.pop_marked()
    machine.stack.append(_call(target, tuple(args)))
    return at


def marked_instance(machine: Machine, at: int) -> int:
    """INST: record the construction of a class with the arguments that follow the mark."""
    target, at = _named_by_lines(machine, at)
    args = machine.pop_marked()
    machine.stack.append(_call(target, tuple(args)))
    return at


def build(machine: Machine, at: int) -> int:
    """BUILD: keep the state of an object."""
    state = machine.stack.pop()
    target = machine.stack[-1]
    if type(target) is Record:
        target.state = state
    elif type(target) is not AttributedDict:
        raise BrokenPickle(f"state set on a {type(target).__name__}")
    return at


def line_persistent(machine: Machine, at: int) -> int:
    """PERSID: push what an id in plain text refers to."""
    persistent_id, at = line(machine.buffer, at)
    machine.stack.append(machine.resolve_persistent(persistent_id.decode("ascii")))
    return at


def persistent(machine: Machine, at: int) -> int:
    """BINPERSID: replace an id by what it refers to."""
    machine.stack[-1] = machine.resolve_persistent(machine.stack[-1])
    return at


def _named_by_lines(machine: Machine, at: int) -> tuple[GlobalName, int]:
    module, at = line(machine.buffer, at)
    name, at = line(machine.buffer, at)
    return machine.name_global(module.decode("utf-8"), name.decode("utf-8")), at


def _call(target: Any, args: Any) -> Any:
    if type(args) is not tuple:
        raise BrokenPickle(f"arguments that are a {type(args).__name__}, not a tuple")
    name = _name_of_called(target)
    make = _CONTAINER_CALLS.get(name)
    return Record(name, args) if make is None else make(*args)


def _name_of_called(target: Any) -> str:
    """Return the name of a class or function; a pickle may also make a class, as cloudpickle does, and call that."""
    if type(target) is Record:
        return _CALL_OF_RECORD
    if type(target) is not GlobalName:
        raise BrokenPickle(f"a call of a {type(target).__name__}")
    return target.name


# A pickle can pass one long list to any number of calls. These move its elements and never copy them, so that the
# memory they take stays in proportion to the file.


def _ordered_dict(pairs: Any = None) -> AttributedDict:
    """Return the entries of an `OrderedDict`; Python 2 hands them to the constructor as a list of pairs."""
    made = AttributedDict()
    for key, value in _moved(pairs):
        set_items(made, [key, value])
    return made


def _elements(elements: Any = None) -> list[Any]:
    """Return the elements of a set as a list: nothing here asks for membership, so nothing has to be hashed."""
    return _moved(elements)


def _reconstructor(target: Any, _base: Any, state: Any) -> Record:
    """Return the record of an object of protocol 0 or 1, whose base class may be a container with elements."""
    if type(target) is not GlobalName:
        raise BrokenPickle("an object whose class is not a global")
    made = Record(target.name, (state,))
    if type(state) is dict:
        made.items.extend(state.items())
        state.clear()
    elif type(state) is list:
        made.items = _moved(state)
    return made


def _moved(elements: Any) -> list[Any]:
    if elements is None:
        return []
    if type(elements) is not list:
        raise BrokenPickle(f"a container made from a {type(elements).__name__}")
    moved = elements[:]
    elements.clear()
    return moved


_CONTAINER_CALLS: Mapping[str, Callable[..., Any]] = {
    "collections.OrderedDict": _ordered_dict,
    "builtins.set": _elements,
    "__builtin__.set": _elements,
    "builtins.frozenset": _elements,
    "__builtin__.frozenset": _elements,
    "copyreg._reconstructor": _reconstructor,
    "copy_reg._reconstructor": _reconstructor,
}
"""All that a pickle can call."""

"""The pickle machine for torch's zips: what makes a tensor, 26 instructions that a file may hold 100,000 times, is one.

But for numbers and the key of the storage these are always the same. Where they are not, they are carried out one by
one, as by any machine.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, ClassVar

from bncli.formats.pickles.inert import AttributedDict, GlobalName, Record
from bncli.formats.pickles.instructions import INSTRUCTIONS
from bncli.formats.pickles.machine import Machine

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    _Instructions: TypeAlias = tuple[Callable[[Machine, int], int], ...]

_GET = ord("h")
_REBUILD = "torch._utils._rebuild_tensor_v2"
_ORDERED_DICT = "collections.OrderedDict"
_NUM_OTHER_INSTRUCTIONS = 23
"""Beside the one that pushes the function, and those that push or remember lengths and strides."""
_MARK = ord("(")
_NUM_JOINED = {0x85: 1, 0x86: 2, 0x87: 3}
"""How many values some of the instructions join that make a tuple."""
_NUMBER_BYTES = {ord("K"): 1, ord("M"): 2, ord("J"): 4}
"""Of the operands of the instructions that push integers."""


def _get(machine: Machine, at: int) -> int:
    """BINGET: push a remembered value; if it makes tensors and is called as usual, push the tensor in its place."""
    value = machine.memo[machine.buffer[at]]
    if type(value) is GlobalName and value.name == _REBUILD:
        called = _call().match(machine.buffer, at + 1)
        if called is not None and _push_tensor(machine, value, called):
            return called.end()
    machine.stack.append(value)
    return at + 1


@cache
def _call() -> re.Pattern[bytes]:
    """Return the pattern of the instructions that push the arguments and call the function.

    Indices of what they GET have one byte, and indices of what they PUT more, so that none replaces what another reads.
    """
    get, put = rb"h(.)", rb"r((?!.\0\0\0)....)"
    number = rb"(?:K.|M..|J....)"
    numbers = rb"(\)|" + number + rb"{1,3}[\x85-\x87]|\(" + number + rb"{1,8}t)(?:" + put + rb")?"
    key = rb"X(.)\0\0\0([0-9]{1,20})" + put
    storage = rb"\(" + get + get + key + get + rb"(" + number + rb")t" + put + rb"Q"
    hooks = get + rb"\)R" + put
    arguments = rb"\(" + storage + rb"(" + number + rb")" + numbers + numbers + rb"\x89" + hooks + rb"t" + put
    return re.compile(arguments + rb"R" + put, re.DOTALL)


def _push_tensor(machine: Machine, function: GlobalName, called: re.Match[bytes]) -> bool:
    """Do what the instructions do, or nothing at all where one of them would fail; return which."""
    tag, kind, length, key, key_at, location, count, storage_at, *others = called.groups()
    offset, shape, shape_at, strides, strides_at, hooks, hooks_at, arguments_at, record_at = others
    memo = machine.memo
    made_by = memo.get(hooks[0])
    if len(key) != length[0] or type(made_by) is not GlobalName or made_by.name != _ORDERED_DICT:
        return False
    try:
        name = key.decode("ascii")
        persistent_id = (memo[tag[0]], memo[kind[0]], name, memo[location[0]], _numbers(count)[0])
        storage = machine.resolve_persistent(persistent_id)
        arguments = (storage, _numbers(offset)[0], _numbers(shape), _numbers(strides), False, AttributedDict())
    except (LookupError, ValueError):
        return False
    index = int.from_bytes
    record = Record(function.name, arguments)
    machine.stack.append(record)
    memo[index(key_at, "little")] = name
    memo[index(storage_at, "little")] = persistent_id
    if shape_at is not None:
        memo[index(shape_at, "little")] = arguments[2]
    if strides_at is not None:
        memo[index(strides_at, "little")] = arguments[3]
    memo[index(hooks_at, "little")] = arguments[5]
    memo[index(arguments_at, "little")] = arguments
    memo[index(record_at, "little")] = record
    num_marks = (shape[0] == _MARK) + (strides[0] == _MARK)
    num_puts = (shape_at is not None) + (strides_at is not None)
    machine.count_parts(_NUM_OTHER_INSTRUCTIONS + len(arguments[2]) + len(arguments[3]) + num_marks + num_puts)
    return True


# The tensors of a file have few shapes among them.
@lru_cache(maxsize=1024)
def _numbers(written: bytes) -> tuple[int, ...]:
    """Return the integers that instructions push, and may put into a tuple.

    Raises:
        ValueError: the tuple is one of another number of integers.
    """
    numbers = []
    at = 1 if written[0] == _MARK else 0
    while at < len(written) and written[at] in _NUMBER_BYTES:
        start, at = at + 1, at + 1 + _NUMBER_BYTES[written[at]]
        numbers.append(int.from_bytes(written[start:at], "little", signed=written[start - 1] == ord("J")))
    if at < len(written) and _NUM_JOINED.get(written[at], len(numbers)) != len(numbers):
        raise ValueError(f"a tuple of other than {len(numbers)} integers")
    return tuple(numbers)


class TensorMachine(Machine):
    """Runs pickles in which tensors are records; arguments as of `Machine`."""

    __slots__ = ()

    instructions: ClassVar[_Instructions] = (*INSTRUCTIONS[:_GET], _get, *INSTRUCTIONS[_GET + 1 :])

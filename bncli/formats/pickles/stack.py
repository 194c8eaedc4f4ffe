"""Pickle instructions that move values about: marks, copies, and the memo."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from bncli.formats.pickles.errors import BrokenPickle
from bncli.formats.pickles.operands import line, text_integer

if TYPE_CHECKING:
    from bncli.formats.pickles.machine import Machine

_UINT32 = struct.Struct("<I")
_HIGHEST_PROTOCOL = 5
_FRAME_LENGTH_BYTES = 8
_MAX_MEMO_INDEX = 2**32


def mark(machine: Machine, at: int) -> int:
    """MARK: start a new run of values."""
    machine.marked.append(machine.stack)
    machine.stack = []
    return at


def pop(machine: Machine, at: int) -> int:
    """POP: drop the top value."""
    # On a bare mark, POP removes the mark.
    if machine.stack:
        machine.stack.pop()
    else:
        machine.pop_marked()
    return at


def pop_mark(machine: Machine, at: int) -> int:
    """POP_MARK: drop what follows the mark."""
    machine.pop_marked()
    return at


def duplicate(machine: Machine, at: int) -> int:
    """DUP: push the top value again."""
    machine.stack.append(machine.stack[-1])
    return at


def put(machine: Machine, at: int) -> int:
    """BINPUT: remember the top value."""
    machine.memo[machine.buffer[at]] = machine.stack[-1]
    return at + 1


def long_put(machine: Machine, at: int) -> int:
    """LONG_BINPUT: remember the top value under an index of four bytes."""
    machine.memo[_UINT32.unpack_from(machine.buffer, at)[0]] = machine.stack[-1]
    return at + 4


def line_put(machine: Machine, at: int) -> int:
    """PUT: remember the top value under a decimal index."""
    index, at = _line_index(machine, at)
    machine.memo[index] = machine.stack[-1]
    return at


def memoize(machine: Machine, at: int) -> int:
    """MEMOIZE: remember the top value under the next index."""
    machine.memo[len(machine.memo)] = machine.stack[-1]
    return at


def get(machine: Machine, at: int) -> int:
    """BINGET: push a remembered value."""
    machine.stack.append(machine.memo[machine.buffer[at]])
    return at + 1


def long_get(machine: Machine, at: int) -> int:
    """LONG_BINGET: push the value remembered under an index of four bytes."""
    machine.stack.append(machine.memo[_UINT32.unpack_from(machine.buffer, at)[0]])
    return at + 4


def line_get(machine: Machine, at: int) -> int:
    """GET: push the value remembered under a decimal index."""
    index, at = _line_index(machine, at)
    machine.stack.append(machine.memo[index])
    return at


def protocol(machine: Machine, at: int) -> int:
    """PROTO: check the version."""
    if machine.buffer[at] > _HIGHEST_PROTOCOL:
        raise BrokenPickle(f"pickle protocol {machine.buffer[at]}")
    return at + 1


def frame(_machine: Machine, at: int) -> int:
    """FRAME: skip the length of a frame."""
    # Frames help a reader that buffers; here everything lies in memory.
    return at + _FRAME_LENGTH_BYTES


def _line_index(machine: Machine, at: int) -> tuple[int, int]:
    digits, at = line(machine.buffer, at)
    index = text_integer(digits)
    if not 0 <= index < _MAX_MEMO_INDEX:
        raise BrokenPickle(f"memo index {index}")
    return index, at

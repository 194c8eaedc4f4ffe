"""The pickle machine: runs the instructions of a pickle over inert values.

A pickle is a program for a small stack machine, and Python's own machine imports and calls whatever the program names.
This one has no instruction that can: a global becomes a `GlobalName` and a call becomes a `Record`, but for the few
that make plain containers. Whatever a file asks for, the outcome is lists, dictionaries, tuples, strings, numbers and
records.
"""

from __future__ import annotations

import struct
from itertools import islice, repeat
from typing import TYPE_CHECKING, Any, ClassVar

from bncli.errors import UnsafeFile
from bncli.formats.pickles.errors import BrokenPickle, TruncatedPickle
from bncli.formats.pickles.inert import GlobalName
from bncli.formats.pickles.instructions import INSTRUCTIONS, OPERAND_BYTES, STOP
from bncli.formats.pickles.policy import runs_something

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_MAX_INSTRUCTIONS = 20_000_000
"""A byte of a pickle can make some seventy bytes of objects; this bounds them to what a machine has."""
_MAX_GLOBAL_LENGTH = 1024
_FAULTS = (LookupError, TypeError, ValueError, OverflowError, struct.error)
"""What Python raises where an instruction finds something else than it expects."""
_EMPTY_STACK = frozenset({"pop from empty list", "list index out of range"})
"""What Python says where an instruction takes more than was pushed."""


class Machine:
    """Runs pickles that follow each other in one buffer.

    Args:
        buffer: the bytes.
        owner: the file, for messages.
        resolve_persistent: makes a value of a persistent id; by default such ids are refused.

    Attributes:
        globals: every global that the pickles named, by dotted name.
        offset: where the buffer begins in what holds the pickles.
    """

    __slots__ = ("_steps", "buffer", "globals", "marked", "memo", "offset", "owner", "resolve_persistent", "stack")

    instructions: ClassVar[tuple[Callable[[Machine, int], int], ...]] = INSTRUCTIONS
    """By opcode; a machine may have others of its own, which do the same as several of these."""

    def __init__(self, buffer: bytes, owner: str, resolve_persistent: Callable[[Any], Any] | None = None) -> None:
        self.buffer = buffer
        self.offset = 0
        self.owner = owner
        self.resolve_persistent = resolve_persistent or _refuse_persistent
        self.globals: dict[str, GlobalName] = {}
        self.stack: list[Any] = []
        self.marked: list[list[Any]] = []
        # A dictionary: a list would be as long as the largest index that the file cares to write.
        self.memo: dict[int, Any] = {}
        self._steps: Iterator[None] = iter(())

    def run(self, start: int = 0) -> tuple[Any, int]:
        """Run one pickle and return its value and the position after it.

        Raises:
            TruncatedPickle: the buffer ends within the pickle.
            BrokenPickle: the pickle breaks the rules of its format, or a limit.
            UnsafeFile: the pickle names something whose only use is to run a program.
        """
        self.stack, self.marked, self.memo = [], [], {}
        instructions = self.instructions
        steps = self._steps = repeat(None, _MAX_INSTRUCTIONS)
        at = start
        while True:
            buffer = self.buffer
            try:
                for _ in steps:
                    opcode = buffer[at]
                    if opcode == STOP:
                        return self.stack.pop(), self.offset + at + 1
                    at = instructions[opcode](self, at + 1)
                raise BrokenPickle(f"the pickle has more than {_MAX_INSTRUCTIONS} instructions")
            except _FAULTS as fault:
                at = self.provide(at, self._needed(fault, at))

    def count_parts(self, num_instructions: int) -> None:
        """Count the instructions that one of this machine's own did beside the first of them."""
        next(islice(self._steps, num_instructions, num_instructions), None)

    def provide(self, at: int, needed: int) -> int:
        """Bring more of the pickle into the buffer; here it is all that there is.

        Args:
            at: where the instruction begins that asks for more. It reads its operand before it touches the stack, so
                that it can be run again.
            needed: how long the buffer would have to be, at least.

        Returns:
            Where in the buffer to go on.

        Raises:
            TruncatedPickle: there is no more.
        """
        raise TruncatedPickle(max(needed, at + 1))

    def _needed(self, fault: Exception, at: int) -> int:
        """Return how long the buffer would have to be for an instruction that failed because the buffer ends.

        Raises:
            BrokenPickle: it failed for another reason.
        """
        if isinstance(fault, TruncatedPickle):
            return fault.needed
        if isinstance(fault, BrokenPickle):
            raise fault
        stop = at + 1 + OPERAND_BYTES.get(self.buffer[at], 0) if at < len(self.buffer) else at + 1
        if stop > len(self.buffer):
            return stop
        where = f"at byte {self.offset + at}"
        reason = "nothing is left on its stack" if str(fault) in _EMPTY_STACK else f"{type(fault).__name__}: {fault}"
        raise BrokenPickle(f"the pickle is broken {where}: {reason}") from fault

    def pop_marked(self) -> list[Any]:
        """Return what was pushed since the last mark, and forget the mark."""
        items = self.stack
        self.stack = self.marked.pop()
        return items

    def name_global(self, module: str, name: str) -> GlobalName:
        """Return the inert stand-in for a global.

        Raises:
            UnsafeFile: its only use is to run a program.
        """
        if len(module) + len(name) > _MAX_GLOBAL_LENGTH:
            raise BrokenPickle(f"a global whose name has {len(module) + len(name)} characters")
        dotted = f"{module}.{name}"
        known = self.globals.get(dotted)
        if known is None:
            if runs_something(module, name):
                raise UnsafeFile(
                    f"{self.owner}: asks to call {dotted} on loading, which no checkpoint needs",
                    hint="do not load this file with torch or pickle: it would run what its author wants",
                )
            known = self.globals[dotted] = GlobalName(dotted)
        return known


def _refuse_persistent(persistent_id: Any) -> Any:
    raise BrokenPickle(f"a persistent id of type {type(persistent_id).__name__} where none may stand")

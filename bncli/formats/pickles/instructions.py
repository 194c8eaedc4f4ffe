"""The instruction set: which function carries out which opcode of pickle protocols 0 to 5."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.formats.pickles import containers, literals, objects, stack
from bncli.formats.pickles.errors import BrokenPickle

if TYPE_CHECKING:
    from collections.abc import Callable

    from bncli.formats.pickles.machine import Machine

STOP = 0x2E
OPERAND_BYTES = {
    **dict.fromkeys(b"K\x8a\x8cCUqh\x80", 1),
    **dict.fromkeys(b"M", 2),
    **dict.fromkeys(b"J\x8bXBTrj", 4),
    **dict.fromkeys(b"G\x8d\x8e\x96\x95", 8),
}
"""By opcode, the bytes that always follow it: a number, an index, or the length of what comes then."""

_BY_OPCODE: dict[bytes, Callable[[Machine, int], int]] = {
    b"N": literals.none,
    b"\x88": literals.true,
    b"\x89": literals.false,
    b"K": literals.uint8,
    b"M": literals.uint16,
    b"J": literals.int32,
    b"G": literals.float64,
    b"\x8a": literals.short_long,
    b"\x8b": literals.long,
    b"\x8c": literals.short_text,
    b"X": literals.text,
    b"\x8d": literals.long_text,
    b"C": literals.short_bytes,
    b"B": literals.bytes_,
    b"\x8e": literals.long_bytes,
    b"\x96": literals.long_bytes,  # BYTEARRAY8
    b"U": literals.short_python2_string,
    b"T": literals.long_python2_string,
    b"I": literals.line_int,
    b"L": literals.line_long,
    b"F": literals.line_float,
    b"V": literals.line_text,
    b"S": literals.line_python2_string,
    b"]": containers.empty_list,
    b"\x8f": containers.empty_list,  # EMPTY_SET
    b"}": containers.empty_dict,
    b")": containers.empty_tuple,
    b"\x85": containers.tuple1,
    b"\x86": containers.tuple2,
    b"\x87": containers.tuple3,
    b"t": containers.marked_tuple,
    b"\x91": containers.marked_tuple,  # FROZENSET
    b"l": containers.marked_list,
    b"d": containers.marked_dict,
    b"a": containers.append,
    b"e": containers.extend,
    b"\x90": containers.extend,  # ADDITEMS
    b"s": containers.set_item,
    b"u": containers.set_marked_items,
    b"c": objects.line_global,
    b"\x93": objects.stack_global,
    b"R": objects.reduce,
    b"\x81": objects.reduce,  # NEWOBJ
    b"\x92": objects.new_object_with_keywords,
    b"o": objects.marked_object,
    b"i": objects.marked_instance,
    b"b": objects.build,
    b"P": objects.line_persistent,
    b"Q": objects.persistent,
    b"(": stack.mark,
    b"0": stack.pop,
    b"1": stack.pop_mark,
    b"2": stack.duplicate,
    b"q": stack.put,
    b"r": stack.long_put,
    b"p": stack.line_put,
    b"\x94": stack.memoize,
    b"h": stack.get,
    b"j": stack.long_get,
    b"g": stack.line_get,
    b"\x80": stack.protocol,
    b"\x95": stack.frame,
}


def _unknown(machine: Machine, at: int) -> int:
    """Refuse everything else: the extension registry, buffers out of band, and bytes that are no opcode."""
    raise BrokenPickle(f"opcode 0x{machine.buffer[at - 1]:02x} at byte {machine.offset + at - 1}")


INSTRUCTIONS: tuple[Callable[[Machine, int], int], ...] = tuple(
    _BY_OPCODE.get(bytes([opcode]), _unknown) for opcode in range(256)
)
"""By opcode. Each takes the machine and the position after the opcode, and returns the position after its operand."""

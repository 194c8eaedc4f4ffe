from __future__ import annotations

import pickle
import pickletools

import pytest

from bncli.formats.pickles.errors import BrokenPickle
from bncli.formats.pickles.instructions import INSTRUCTIONS, OPERAND_BYTES, STOP
from bncli.formats.pickles.machine import Machine

REFUSED = {"EXT1", "EXT2", "EXT4", "NEXT_BUFFER", "READONLY_BUFFER"}
CODES = {opcode.name: ord(opcode.code) for opcode in pickletools.opcodes}


def test_every_opcode_of_pickle_is_carried_out_except_registry_and_foreign_buffers() -> None:
    unknown = INSTRUCTIONS[0]
    refused = {name for name, code in CODES.items() if INSTRUCTIONS[code] is unknown and code != STOP}
    assert refused == REFUSED
    assert ord(pickle.STOP) == STOP


def test_the_bytes_that_follow_an_opcode_are_those_that_pickle_documents() -> None:
    of_counts = {
        pickletools.TAKEN_FROM_ARGUMENT1: 1,
        pickletools.TAKEN_FROM_ARGUMENT4: 4,
        pickletools.TAKEN_FROM_ARGUMENT4U: 4,
        pickletools.TAKEN_FROM_ARGUMENT8U: 8,
    }
    documented = {
        ord(opcode.code): of_counts.get(opcode.arg.n, opcode.arg.n)
        for opcode in pickletools.opcodes
        if opcode.arg is not None and opcode.arg.n != pickletools.UP_TO_NEWLINE and opcode.name not in REFUSED
    }
    assert documented == OPERAND_BYTES


@pytest.mark.parametrize("code", [CODES[name] for name in sorted(REFUSED)] + [0x00, 0x7F, 0xFF])
def test_everything_else_is_refused_by_its_number(code: int) -> None:
    with pytest.raises(BrokenPickle, match=f"opcode 0x{code:02x} at byte 1"):
        Machine(bytes([ord("N"), code]) + bytes(30), "x").run()

from __future__ import annotations

import pickle
import pickletools

import pytest

from bncli.formats.pickles.errors import BrokenPickle
from bncli.formats.pickles.instructions import INSTRUCTIONS, LONGEST_OPERAND, STOP
from bncli.formats.pickles.machine import Machine

REFUSED = {"EXT1", "EXT2", "EXT4", "NEXT_BUFFER", "READONLY_BUFFER"}
CODES = {opcode.name: ord(opcode.code) for opcode in pickletools.opcodes}


def test_every_opcode_of_pickle_is_carried_out_except_registry_and_foreign_buffers() -> None:
    unknown = INSTRUCTIONS[0]
    refused = {name for name, code in CODES.items() if INSTRUCTIONS[code] is unknown and code != STOP}
    assert refused == REFUSED
    assert ord(pickle.STOP) == STOP


def test_no_operand_of_fixed_length_is_longer_than_the_longest() -> None:
    lengths = [opcode.arg.n for opcode in pickletools.opcodes if opcode.arg is not None and opcode.arg.n > 0]
    assert max(lengths) + 1 == LONGEST_OPERAND


@pytest.mark.parametrize("code", [CODES[name] for name in sorted(REFUSED)] + [0x00, 0x7F, 0xFF])
def test_everything_else_is_refused_by_its_number(code: int) -> None:
    with pytest.raises(BrokenPickle, match=f"opcode 0x{code:02x} at byte 1"):
        Machine(bytes([ord("N"), code]) + bytes(30), "x").run()

from __future__ import annotations

from typing import Any

import pytest

from bncli.formats.pickles.errors import BrokenPickle
from bncli.formats.pickles.machine import Machine


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b"(K\x01(K\x02tt.", (1, (2,))),
        (b"K\x01K\x020.", 1),
        (b"K\x01(0.", 1),
        (b"K\x01(NN1.", 1),
        (b"K\x012\x86.", (1, 1)),
        (b"K\x01q\x05h\x05\x86.", (1, 1)),
        (b"K\x01r\x05\0\0\0j\x05\0\0\0\x86.", (1, 1)),
        (b"K\x01p5\ng5\n\x86.", (1, 1)),
        (b"K\x01\x94K\x02\x94h\x00h\x01\x87.", (2, 1, 2)),
        (b"\x80\x05\x95\xff\xff\xff\xff\xff\xff\xff\xffK\x01.", 1),
    ],
)
def test_values_are_moved_as_pickle_moves_them(content: bytes, value: Any) -> None:
    assert Machine(content, "x").run()[0] == value


def test_the_largest_index_takes_no_more_memory_than_any_other() -> None:
    machine = Machine(b"Nr\xff\xff\xff\xff.", "x")
    machine.run()
    assert machine.memo == {2**32 - 1: None}


@pytest.mark.parametrize("content", [b"\x80\x06N.", b"Np-1\n.", b"Np4294967296\n.", b"Npx\n.", b"h\x00."])
def test_what_names_no_place_or_version_is_broken(content: bytes) -> None:
    with pytest.raises(BrokenPickle):
        Machine(content, "x").run()


@pytest.mark.parametrize(
    "instruction", [b"0", b"1", b"2", b"q\x00", b"t", b"\x85", b"\x86", b"a", b"s", b"R", b"b", b"."]
)
def test_an_empty_stack_gives_nothing(instruction: bytes) -> None:
    with pytest.raises(BrokenPickle):
        Machine(instruction + bytes(20), "x").run()

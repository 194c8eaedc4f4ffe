from __future__ import annotations

import pickle
from typing import Any

import pytest

from bncli.formats.pickled_objects.written_bytes import bytes_region, written_bytes
from bncli.formats.pickles.inert import LongString, Record
from bncli.formats.pickles.machine import Machine
from bncli.formats.regions import MemoryRegion


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("content", [b"", b"bn", bytes(range(256))])
def test_bytes_of_every_protocol_come_back(content: bytes, protocol: int) -> None:
    value, _ = Machine(pickle.dumps(content, protocol), "x").run()
    region = bytes_region(written_bytes(value))
    assert region.read(0, region.size) == content


@pytest.mark.parametrize("content", [b"plain", bytes(range(256))])
def test_long_strings_stay_where_they_are(content: bytes) -> None:
    text = content.decode("latin-1").encode()
    for left in (LongString(MemoryRegion(content), False), LongString(MemoryRegion(text), True)):
        assert bytes_region(left, len(content)).read(0, len(content)) == content


@pytest.mark.parametrize("value", [None, 3, [b"a"], Record("models.Net", ()), Record("builtins.bytes", (5,))])
def test_what_is_no_bytes_is_left_and_has_none(value: Any) -> None:
    assert written_bytes(value) is value
    with pytest.raises(ValueError, match="without bytes"):
        bytes_region(value)

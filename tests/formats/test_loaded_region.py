from __future__ import annotations

import pytest

from bncli.formats.loaded_region import LoadedRegion


def test_the_bytes_are_loaded_once_and_only_when_they_are_asked_for() -> None:
    loads: list[int] = []

    def load() -> bytes:
        loads.append(1)
        return b"01234567"

    region = LoadedRegion(7, 8, load)
    assert (region.position, region.size, loads) == (7, 8, [])
    assert (region.read(2, 3), region.read(0, 8)) == (b"234", b"01234567")
    assert loads == [1]


def test_what_is_read_may_be_changed() -> None:
    region = LoadedRegion(0, 2, lambda: b"ab")
    region.read(0, 2)[0] = 0
    assert region.read(0, 2) == b"ab"


def test_bytes_that_were_not_announced_or_are_not_there_are_refused() -> None:
    with pytest.raises(ValueError, match="3 bytes are there of 8"):
        LoadedRegion(0, 8, lambda: b"abc").read(0, 1)
    with pytest.raises(EOFError):
        LoadedRegion(0, 3, lambda: b"abc").read(2, 2)

from __future__ import annotations

import random

import pytest

from bncli.formats.byte_window import ByteWindow
from bncli.formats.regions import MemoryRegion

CONTENT = random.Random(0).randbytes(20_000)  # noqa: S311 - any bytes will do


class Counted(MemoryRegion):
    """Keeps what was asked of it."""

    asked: list[int]

    def read(self, start: int, count: int) -> bytearray:
        self.asked.append(count)
        return super().read(start, count)


@pytest.fixture
def counted() -> Counted:
    region = Counted(CONTENT)
    object.__setattr__(region, "asked", [])
    return region


def test_pieces_of_every_length_anywhere_are_the_contents(counted: Counted) -> None:
    window = ByteWindow(counted)
    rng = random.Random(1)  # noqa: S311 - any places will do
    for _ in range(300):
        start = rng.randrange(len(CONTENT))
        stop = min(len(CONTENT), start + rng.choice((0, 1, 10, 5000)))
        assert window.read(start, stop) == CONTENT[start:stop]


def test_neighbours_are_read_together_and_what_lies_far_apart_is_left_out(counted: Counted) -> None:
    window = ByteWindow(counted)
    for start in range(0, 400, 4):
        window.read(start, start + 4)
    window.read(15_000, 15_004)
    assert len(counted.asked) == 2
    assert sum(counted.asked) < 10_000


def test_the_window_shows_the_bytes_from_where_it_was_moved_to(counted: Counted) -> None:
    window = ByteWindow(counted)
    for start in (0, 7000, 30, 19_990):
        window.move(start, start + 10)
        assert window.start == start
        assert window.buffer == CONTENT[start : start + len(window.buffer)]
        assert 10 <= len(window.buffer) <= 5000


def test_a_piece_past_the_end_is_refused(counted: Counted) -> None:
    with pytest.raises(EOFError):
        ByteWindow(counted).read(19_999, 20_001)

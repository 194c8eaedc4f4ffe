from __future__ import annotations

import resource
from collections import Counter

import pytest

from bncli.formats.open_files import MOST_OPEN, OpenFiles, most_open


class Files:
    """Files that count how often they are opened, and know which are open."""

    def __init__(self) -> None:
        self.num_openings: Counter[str] = Counter()
        self.open: set[str] = set()

    def __call__(self, location: str) -> File:
        return File(self, location)


class File:
    bytes_read = 10

    def __init__(self, files: Files, location: str) -> None:
        self.files, self.location = files, location
        files.num_openings[location] += 1
        files.open.add(location)

    def close(self) -> None:
        self.files.open.remove(self.location)


@pytest.fixture
def files() -> Files:
    return Files()


def test_a_file_that_is_open_is_not_opened_again(files: Files) -> None:
    opened = OpenFiles(files)
    assert opened.opened("a") is opened.opened("a")
    assert (files.num_openings["a"], opened.bytes_read) == (1, 10)


def test_of_too_many_the_one_that_was_least_recently_needed_is_closed(files: Files) -> None:
    opened = OpenFiles(files)
    names = [str(number) for number in range(most_open())]
    for name in [*names, "0", "new"]:
        opened.opened(name)
    assert files.open == {*names, "new"} - {"1"}
    assert opened.opened("1").location == "1"
    assert files.open == {*names, "new"} - {"2"}
    assert files.num_openings["1"] == 2


def test_bytes_of_closed_files_count(files: Files) -> None:
    opened = OpenFiles(files)
    num_files = most_open() + 5
    for name in range(num_files):
        opened.opened(str(name))
    assert opened.bytes_read == 10 * num_files
    opened.close()
    assert (files.open, opened.bytes_read) == (set(), 10 * num_files)


@pytest.mark.parametrize(
    ("limit", "most"),
    [(1, 1), (64, 16), (256, 64), (1024, MOST_OPEN), (1 << 20, MOST_OPEN), (resource.RLIM_INFINITY, MOST_OPEN)],
)
def test_where_few_files_may_be_open_fewer_are(limit: int, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (limit, resource.RLIM_INFINITY))
    assert most_open() == most

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, NoReturn

import pytest

from bncli.errors import BncliError, MalformedFile, UnsafeFile
from bncli.formats.byte_source import FAULTS, ByteSource, describe_fault, opening

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "bytes.bin"
    path.write_bytes(bytes(range(100)))
    return path


def test_a_read_returns_exactly_the_bytes_asked_for_in_any_order(path: Path) -> None:
    source = ByteSource(path)
    assert source.read(90, 10) == bytes(range(90, 100))
    assert source.read(0, 3) == bytes(range(3))
    assert source.read(50, 0) == b""
    source.close()


def test_every_byte_read_is_counted_and_no_other(path: Path) -> None:
    source = ByteSource(path)
    source.read(90, 10)
    source.read(0, 3)
    assert source.bytes_read == 13
    source.close()


@pytest.mark.parametrize(("offset", "count"), [(99, 2), (101, 0), (-1, 1), (0, -1), (0, 2**62), (2**62, 1)])
def test_a_range_outside_the_file_is_refused_without_reading(path: Path, offset: int, count: int) -> None:
    source = ByteSource(path)
    with pytest.raises(EOFError):
        source.read(offset, count)
    assert source.bytes_read == 0
    source.close()


def test_a_file_that_shrinks_under_the_reader_is_an_end_of_file(path: Path) -> None:
    source = ByteSource(path)
    os.truncate(path, 10)
    with pytest.raises(EOFError, match="shrank"):
        source.read(5, 20)
    source.close()


def test_a_file_that_is_replaced_is_still_the_one_that_was_opened(path: Path) -> None:
    source = ByteSource(path)
    other = path.with_name("other")
    other.write_bytes(b"x" * 100)
    other.replace(path)
    assert source.read(0, 4) == bytes(range(4))
    source.close()


def test_a_buffer_belongs_to_the_caller(path: Path) -> None:
    source = ByteSource(path)
    buffer = source.read(0, 4)
    buffer[0] = 99
    assert source.read(0, 1) == b"\0"
    source.close()


@pytest.mark.parametrize("fault", [fault("what went wrong") for fault in FAULTS])
def test_a_fault_of_a_parser_becomes_a_malformed_file_that_keeps_its_cause(path: Path, fault: Exception) -> None:
    with (
        pytest.raises(MalformedFile, match=r"bytes\.bin: broken as a test file") as caught,
        opening(path, "a test file"),
    ):
        raise fault
    assert caught.value.__cause__ is fault


def test_a_machine_in_trouble_says_nothing_of_the_file(path: Path) -> None:
    with pytest.raises(BncliError) as caught, opening(path, "a test file"):
        raise OSError(errno.EIO, os.strerror(errno.EIO))
    assert caught.value.message == f"{path}: cannot be read: {os.strerror(errno.EIO)}"
    assert not isinstance(caught.value, MalformedFile)


def test_errors_for_the_user_pass_through(path: Path) -> None:
    with pytest.raises(UnsafeFile, match="^told$"), opening(path, "a test file"):
        raise UnsafeFile("told")


@pytest.mark.parametrize("error", [ValueError("x"), UnsafeFile("x"), KeyboardInterrupt()])
def test_the_file_is_closed_after_any_error_and_kept_open_without_one(path: Path, error: BaseException) -> None:
    def fail() -> NoReturn:
        raise error

    with opening(path, "a test file") as kept:
        pass
    assert kept.read(0, 1) == b"\0"
    kept.close()
    with pytest.raises((MalformedFile, UnsafeFile, KeyboardInterrupt)), opening(path, "a test file") as source:
        fail()
    with pytest.raises(ValueError, match="closed"):
        source.read(0, 1)


def test_a_fault_is_told_in_one_line() -> None:
    assert describe_fault(ValueError("first\nsecond")) == "first"
    assert describe_fault(EOFError()) == "EOFError"


def test_a_key_that_is_not_there_is_told_as_such_and_a_sentence_as_it_is() -> None:
    assert describe_fault(KeyError("graph_module")) == "lacks 'graph_module'"
    assert describe_fault(KeyError(7)) == "lacks 7"
    assert describe_fault(KeyError("Unable to open object")) == "Unable to open object"
    assert describe_fault(KeyError()) == "KeyError"


def test_a_buffer_that_was_given_back_serves_the_next_read_of_its_size(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(bytes(range(256)) * (1 << 13))
    source = ByteSource(path)
    first = source.read(0, 1 << 20)
    source.take_back(first)
    second = source.read(1, 1 << 20)
    assert second is first
    assert second[:3] == bytes([1, 2, 3])
    source.take_back(second)
    assert len(source.read(0, (1 << 20) + 1)) == (1 << 20) + 1
    source.close()

from __future__ import annotations

import pickle
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bncli.errors import UnsafeFile
from bncli.formats.pickles import file_machine
from bncli.formats.pickles.errors import BrokenPickle, TruncatedPickle
from bncli.formats.pickles.file_machine import FileMachine
from bncli.formats.pickles.inert import LongString
from bncli.formats.pickles.machine import Machine
from bncli.formats.regions import MemoryRegion
from tests.formats.pickles.test_machine import VALUES, Plain

LONG = bytes(range(256)) * 4000
OLD_STRING = b"T" + len(LONG).to_bytes(4, "little") + LONG


class CountingRegion:
    position = 0

    def __init__(self, content: bytes) -> None:
        self._content = MemoryRegion(content)
        self.size = len(content)
        self.bytes_read = 0

    def read(self, start: int, count: int) -> bytearray:
        self.bytes_read += count
        return self._content.read(start, count)


def run(content: bytes) -> Any:
    return FileMachine(MemoryRegion(content), "x.pkl").run()[0]


def resolved(value: Any) -> Any:
    """Return a value with what its long strings hold in their place."""
    if isinstance(value, LongString):
        content = bytes(value.content.read(0, value.content.size))
        return content.decode() if value.is_text else content
    if isinstance(value, dict):
        return {key: resolved(each) for key, each in value.items()}
    return type(value)(map(resolved, value)) if isinstance(value, (list, tuple)) else value


@pytest.fixture
def _tiny_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_machine, "_LEAST_WINDOW_BYTES", 1)
    monkeypatch.setattr(file_machine, "_MOST_WINDOW_BYTES", 3)
    monkeypatch.setattr(file_machine, "_LONGEST_COPIED_BYTES", 32)


@pytest.mark.usefixtures("_tiny_windows")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=VALUES, protocol=st.integers(0, 5))
def test_a_window_that_cuts_every_instruction_changes_no_value(value: Any, protocol: int) -> None:
    content = pickle.dumps(value, protocol)
    assert repr(resolved(run(content))) == repr(Machine(content, "x").run()[0])


@pytest.mark.usefixtures("_tiny_windows")
@pytest.mark.parametrize("protocol", range(6))
def test_objects_are_built_the_same_through_a_tiny_window(protocol: int) -> None:
    first, second = run(pickle.dumps([shared := Plain(), shared], protocol))
    assert first is second
    assert (first.class_name, first.state) == (f"{Plain.__module__}.Plain", {"eps": 1e-3})


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(pickle.dumps(LONG, 3), id="BINBYTES"),
        pytest.param(b"\x8e" + len(LONG).to_bytes(8, "little") + LONG + b".", id="BINBYTES8"),
        pytest.param(pickle.dumps(bytearray(LONG), 5), id="BYTEARRAY8"),
        pytest.param(pickle.dumps(LONG.decode("latin-1"), 2), id="BINUNICODE"),
        pytest.param(
            b"\x8d" + len(text := LONG.decode("latin-1").encode()).to_bytes(8, "little") + text + b".", id="BINUNICODE8"
        ),
        pytest.param(OLD_STRING + b".", id="BINSTRING"),
    ],
)
def test_a_long_string_is_left_in_the_file(content: bytes) -> None:
    file = CountingRegion(content)
    value, end = FileMachine(file, "x.pkl").run()
    assert type(value) is LongString
    assert end == len(content)
    assert file.bytes_read < 20_000
    whole = resolved(value)
    assert (whole.encode("latin-1") if value.is_text else whole) == LONG


def test_of_many_long_strings_only_what_lies_between_is_read() -> None:
    content = pickle.dumps({f"name {index}": LONG + bytes([index]) for index in range(100)}, 4)
    file = CountingRegion(content)
    value, _ = FileMachine(file, "x.pkl").run()
    assert file.bytes_read < len(content) / 100
    assert resolved(value["name 99"]) == LONG + b"c"


def test_a_line_is_read_whole_however_long_it_is() -> None:
    assert run(b"V" + b"a" * 10**6 + b"\n.") == "a" * 10**6


def test_a_short_string_is_copied() -> None:
    assert run(pickle.dumps([b"x" * 5000, "y"])) == [b"x" * 5000, "y"]


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("cut", [1, 2, 30, 100_000])
def test_a_file_that_is_cut_says_that_more_bytes_are_needed(cut: int, protocol: int) -> None:
    content = pickle.dumps([Plain(), LONG.decode("latin-1"), Plain()], protocol)[:-cut]
    with pytest.raises(TruncatedPickle) as caught:
        run(content)
    assert caught.value.needed > len(content)


def test_a_length_beyond_the_file_is_truncation_and_takes_no_memory() -> None:
    with pytest.raises(TruncatedPickle):
        run(b"\x8e" + b"\xff" * 7 + b"\x7fabc")


def test_faults_are_told_by_their_place_in_the_file() -> None:
    at = len(OLD_STRING) + 1
    with pytest.raises(BrokenPickle, match=f"broken at byte {at}: KeyError"):
        run(OLD_STRING + b"Nh\x09" + bytes(20))
    with pytest.raises(BrokenPickle, match=f"opcode 0xff at byte {at}"):
        run(OLD_STRING + b"N\xff" + bytes(20))


@pytest.mark.parametrize("broken", [b"N\x93", b"((e", b"((u", b"a", b"s", b"R", b"q\0"])
@pytest.mark.usefixtures("_tiny_windows")
def test_a_stack_that_runs_empty_at_the_end_of_the_window_is_broken(broken: bytes) -> None:
    for content in (broken + b".", broken + bytes(30)):
        with pytest.raises(
            BrokenPickle,
            match=f"broken at byte {len(broken) - 1 - broken.endswith(bytes(1))}: nothing is left on its stack",
        ):
            run(content)


def test_a_long_string_is_no_key_and_no_name() -> None:
    with pytest.raises(BrokenPickle, match="cannot be a key"):
        run(b"}" + OLD_STRING + b"Ns.")
    with pytest.raises(BrokenPickle, match="whose name is not text"):
        run(OLD_STRING + OLD_STRING + b"\x93.")


def test_a_program_to_be_run_is_unsafe_behind_long_strings_too() -> None:
    with pytest.raises(UnsafeFile, match=r"os\.system"):
        run(OLD_STRING + b"cos\nsystem\n.")


def test_what_is_no_long_string_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_machine, "_MAX_TAKEN_BYTES", 20_000)
    assert type(run(OLD_STRING + b".")) is LongString
    for content in (b"N0" * 20_000 + b"N.", b"V" + b"a" * 40_000 + b"\n.", b"\x8b\xff\xff\0\0" + bytes(70_000)):
        with pytest.raises(BrokenPickle, match="over 20000 bytes are no long strings"):
            run(content)

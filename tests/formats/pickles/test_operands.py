from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bncli.formats.pickles.errors import BrokenPickle, TruncatedPickle
from bncli.formats.pickles.operands import (
    binary_integer,
    counted,
    line,
    python2_string,
    text_float,
    text_integer,
    unquote,
    without_surrogates,
)


def test_counted_bytes_end_with_the_buffer() -> None:
    assert counted(b"abcdef", 2, 4) == b"cdef"
    with pytest.raises(TruncatedPickle) as caught:
        counted(b"abcdef", 2, 2**40)
    assert caught.value.needed == 2 + 2**40


def test_a_negative_count_is_broken() -> None:
    with pytest.raises(BrokenPickle, match="length of -1"):
        counted(b"abcdef", 2, -1)


def test_a_line_ends_at_its_end() -> None:
    assert line(b"ab\ncd\n", 0) == (b"ab", 3)
    assert line(b"ab\ncd\n", 3) == (b"cd", 6)
    with pytest.raises(TruncatedPickle):
        line(b"ab\ncd", 3)


@given(value=st.integers(-(10**60), 10**60))
def test_integers_come_back_from_text_and_bytes(value: int) -> None:
    assert text_integer(str(value).encode()) == value
    assert binary_integer(value.to_bytes(32, "little", signed=True)) == value


def test_integers_that_cost_more_than_they_are_worth_are_refused() -> None:
    with pytest.raises(BrokenPickle, match="65000 digits"):
        text_integer(b"9" * 65_000)
    with pytest.raises(BrokenPickle, match="65000 digits"):
        text_float(b"9" * 65_000)
    with pytest.raises(BrokenPickle, match="129 bytes"):
        binary_integer(bytes(129))


def test_the_largest_integer_is_still_a_float() -> None:
    assert float(binary_integer(b"\xff" * 127 + b"\x7f")) > 8e307


@given(value=st.floats(allow_nan=False))
def test_floats_come_back_from_text(value: float) -> None:
    assert text_float(repr(value).encode()) == value


@given(content=st.binary())
def test_a_string_that_python_2_quoted_is_unquoted(content: bytes) -> None:
    # repr of bytes is what Python 2 writes for a string, with a b in front.
    assert unquote(repr(content)[1:].encode()) == content


@pytest.mark.parametrize("quoted", [b"", b"'", b"abc", b"'abc", b"'abc\""])
def test_a_string_without_both_quotes_is_broken(quoted: bytes) -> None:
    with pytest.raises(BrokenPickle, match="without quotes"):
        unquote(quoted)


def test_a_string_of_python_2_is_text_only_where_that_is_certain() -> None:
    assert python2_string(b"conv1.weight") == "conv1.weight"
    assert python2_string(b"\xff\x00") == b"\xff\x00"


def test_lone_surrogates_become_visible() -> None:
    assert without_surrogates("a\ud800b") == "a\\ud800b"
    assert without_surrogates("größe") == "größe"

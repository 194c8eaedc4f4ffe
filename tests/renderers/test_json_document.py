from __future__ import annotations

import json
import math
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bncli import __version__
from bncli.renderers.base import Surface
from bncli.renderers.json_document import render
from bncli.reports.document import Document
from tests.helpers.documents import HOSTILE_TEXTS, SMALL

if TYPE_CHECKING:
    from tests.helpers.golden import Golden


def refuse(constant: str) -> NoReturn:
    raise AssertionError(f"{constant} is no JSON")


def strictly_parsed(text: str) -> Any:
    return json.loads(text, parse_constant=refuse)


def read_back(value: Any) -> Any:
    return strictly_parsed(render(Document("x", (), {"value": value}), Surface()))["value"]


def test_a_document_looks_as_expected(golden: Golden) -> None:
    golden.check("document.json", render(SMALL, Surface()))


def test_schema_and_version_come_first_and_keys_keep_their_order() -> None:
    parsed = strictly_parsed(render(Document("tensor", (), {"z": 1, "a": 2}), Surface()))
    assert list(parsed.items()) == [("schema", "bncli/tensor/1"), ("bncli_version", __version__), ("z", 1), ("a", 2)]


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, -math.inf, np.float32("nan"), np.float64("inf"), np.float16("-inf")]
)
def test_what_is_not_finite_is_null(value: Any) -> None:
    assert read_back(value) is None
    assert read_back([value, 1.0]) == [None, 1.0]
    assert read_back(np.array([[value, 1.0]])) == [[None, 1.0]]


def test_a_float32_is_its_shortest_decimal_and_a_float16_has_as_many_digits() -> None:
    text = render(Document("x", (), {"a": np.float32(0.1), "b": np.array([0.1, 0.2], np.float16)}), Surface())
    assert '"a": 0.1,' in text
    assert '"b": [0.099975586, 0.19995117]' in text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_double_is_read_back_exactly(value: float) -> None:
    seen = [read_back(value), read_back(np.float64(value)), read_back(np.array([value]))[0]]
    assert [repr(number) for number in seen] == [repr(value)] * 3


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_a_float32_is_read_back_exactly(value: float) -> None:
    assert np.float32(read_back(np.array([value], np.float32))[0]) == value


@pytest.mark.parametrize(
    "value", [0, -1, 2**53 + 1, 2**200, np.int64(2**62), np.uint64(2**64 - 1), True, np.bool_(False)]
)
def test_integers_and_flags_are_exact(value: Any) -> None:
    seen = read_back(value)
    assert seen == value
    assert isinstance(seen, bool) == isinstance(value, bool | np.bool_)


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_a_text_is_read_back_exactly_as_value_and_as_key(text: str) -> None:
    assert read_back(text) == text
    assert list(read_back({text: 1})) == [text]


def test_the_text_is_printable_ascii() -> None:
    text = render(Document("x", (), {"names": list(HOSTILE_TEXTS)}), Surface())
    assert text.isascii()
    assert text.replace("\n", "").isprintable()


def test_containers_and_paths_become_what_json_has() -> None:
    value = {
        "empty": {},
        "none": None,
        "list": [],
        "tuple": (1, (2,)),
        "path": Path("a/b.pt"),
        "array": np.zeros((2, 0)),
    }
    assert read_back(value) == {
        "empty": {}, "none": None, "list": [], "tuple": [1, [2]], "path": "a/b.pt", "array": [[], []],
    }  # fmt: skip


def test_a_member_of_an_enumeration_is_its_value() -> None:
    kind = StrEnum("kind", {"CAUSE": "a cause"})
    number = IntEnum("number", {"SEVEN": 7})
    assert read_back([kind["CAUSE"], number["SEVEN"]]) == ["a cause", 7]


def test_numbers_of_one_list_stand_on_one_line() -> None:
    text = render(Document("x", (), {"mean": np.arange(1000.0), "layers": [{"a": [1, 2]}]}), Surface())
    assert len(text.splitlines()) == 10


def test_a_value_of_another_kind_is_a_mistake_in_the_record() -> None:
    with pytest.raises(TypeError, match="cannot hold object"):
        read_back(object())

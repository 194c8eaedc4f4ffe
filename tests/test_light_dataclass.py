from __future__ import annotations

import copy
import dataclasses
from dataclasses import asdict, field, fields, replace
from functools import cached_property
from typing import Any

import pytest

from bncli.light_dataclass import dataclass


def classes(make: Any) -> dict[str, Any]:
    """Declare one class of each kind with a decorator of the same options as the standard library's."""

    @make(frozen=True, slots=True)
    class Value:
        number: int
        text: str = "a"

        def doubled(self) -> int:
            return 2 * self.number

    @make(frozen=True, slots=True)
    class Longer(Value):
        more: tuple[int, ...] = ()

    @make(frozen=True, slots=True, eq=False)
    class Identity:
        number: int

    @make(slots=True)
    class Changing:
        numbers: list[int] = field(default_factory=list)
        count: int = field(default=0, init=False)

        def __post_init__(self) -> None:
            self.count = len(self.numbers)

    @make(frozen=True)
    class Remembering:
        number: int

        @cached_property
        def doubled(self) -> int:
            return 2 * self.number

    @make(frozen=True, slots=True)
    class Speaking:
        number: int

        def __repr__(self) -> str:
            return "spoken"

        def __eq__(self, other: object) -> bool:
            return True

        def __hash__(self) -> int:
            return 1

    return {each.__name__: each for each in (Value, Longer, Identity, Changing, Remembering, Speaking)}


OURS, STANDARD = classes(dataclass), classes(dataclasses.dataclass)

VALUES = {
    "Value": [(1,), (1, "a"), (1, "b"), (2,)],
    "Longer": [(1,), (1, "a", (2,))],
    "Identity": [(1,), (1,)],
    "Changing": [(), ([1],), ([1],)],
    "Remembering": [(1,), (1,), (2,)],
    "Speaking": [(1,), (2,)],
}
KINDS = pytest.mark.parametrize("kind", VALUES)


def made(kind: str, among: dict[str, Any]) -> list[Any]:
    return [among[kind](*copy.deepcopy(arguments)) for arguments in VALUES[kind]]


def told(call: Any, *arguments: Any) -> Any:
    """Return what a call returns, or the kind of its error."""
    try:
        return call(*arguments)
    except TypeError:
        return TypeError


@KINDS
def test_values_look_and_unpack_as_those_of_the_standard_library(kind: str) -> None:
    for ours, standard in zip(made(kind, OURS), made(kind, STANDARD), strict=True):
        assert repr(ours) == repr(standard)
        assert asdict(ours) == asdict(standard)
        assert [each.name for each in fields(ours)] == [each.name for each in fields(standard)]


@KINDS
def test_values_are_equal_and_hashed_as_those_of_the_standard_library(kind: str) -> None:
    ours, standard = made(kind, OURS), made(kind, STANDARD)
    pairs = [(first, second) for first in range(len(ours)) for second in range(len(ours))]
    assert [ours[i] == ours[j] for i, j in pairs] == [standard[i] == standard[j] for i, j in pairs]
    alike = [told(lambda i, j: hash(ours[i]) == hash(ours[j]), i, j) for i, j in pairs]
    assert alike == [told(lambda i, j: hash(standard[i]) == hash(standard[j]), i, j) for i, j in pairs]


@KINDS
def test_what_is_missing_or_too_much_is_refused_as_by_the_standard_library(kind: str) -> None:
    for arguments in ((), (1, 2, 3, 4)):
        assert (told(OURS[kind], *arguments) is TypeError) == (told(STANDARD[kind], *arguments) is TypeError)


def test_a_value_is_not_equal_to_one_of_another_class() -> None:
    assert OURS["Value"](1) != OURS["Longer"](1)
    assert OURS["Value"](1) != (1, "a")


def test_a_copy_with_changes_is_a_new_value() -> None:
    value = OURS["Longer"](1, "a", (2,))
    changed = replace(value, text="b")
    assert (changed.number, changed.text, changed.more) == (1, "b", (2,))
    assert value.text == "a"


def test_each_value_has_its_own_default_list() -> None:
    first, second = OURS["Changing"](), OURS["Changing"]()
    first.numbers.append(1)
    assert second.numbers == []


def test_slots_take_no_other_attribute() -> None:
    with pytest.raises(AttributeError):
        OURS["Changing"]().new = 1


def test_a_property_is_remembered() -> None:
    value = OURS["Remembering"](2)
    assert value.doubled == value.doubled == 4

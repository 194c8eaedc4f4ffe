from __future__ import annotations

import sys
from typing import Any

import pytest

from bncli.formats.pickles.containers import plain_key, set_items
from bncli.formats.pickles.errors import BrokenPickle
from bncli.formats.pickles.inert import GlobalName, Record
from bncli.formats.pickles.machine import Machine
from tests.helpers.hostile_files import call, global_, text

NO_CONTAINERS = {
    "None": b"N",
    "int": b"K\x01",
    "str": text("a"),
    "bytes": b"C\x01a",
    "tuple": b")",
    "GlobalName": global_("torch.nn.Module"),
}


def run(content: bytes) -> Any:
    return Machine(content + b".", "x").run()[0]


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b"]K\x01a(K\x02K\x03e", [1, 2, 3]),
        (b"(K\x01K\x02l", [1, 2]),
        (b"\x8f(K\x01\x90", [1]),
        (b"(K\x01\x91", (1,)),
        (b"}K\x01K\x02s(K\x03K\x04u", {1: 2, 3: 4}),
        (b"(K\x01K\x02d", {1: 2}),
        (b")", ()),
        (b"K\x01\x85", (1,)),
        (b"K\x01K\x02\x86", (1, 2)),
        (b"K\x01K\x02K\x03\x87", (1, 2, 3)),
    ],
)
def test_containers_are_made_and_filled_as_pickle_does(content: bytes, value: Any) -> None:
    assert run(content) == value


def test_elements_and_items_of_an_unknown_object_are_recorded() -> None:
    record = run(call("models.Weights") + b"K\x01a(K\x02e" + text("k") + b"K\x03s")
    assert record.items == [1, 2, ("k", 3)]


@pytest.mark.parametrize("target", [*NO_CONTAINERS.values(), b"}"], ids=[*NO_CONTAINERS, "dict"])
@pytest.mark.parametrize("instruction", [b"K\x01a", b"(K\x01e", b"(K\x01\x90"])
def test_nothing_is_appended_to_what_is_no_list(target: bytes, instruction: bytes) -> None:
    with pytest.raises(BrokenPickle, match="appended to a"):
        run(target + instruction)


@pytest.mark.parametrize("target", [*NO_CONTAINERS.values(), b"]"], ids=[*NO_CONTAINERS, "list"])
@pytest.mark.parametrize("instruction", [b"K\x01K\x02s", b"(K\x01K\x02u"])
def test_nothing_is_set_in_what_is_no_dictionary(target: bytes, instruction: bytes) -> None:
    with pytest.raises(BrokenPickle, match="set on a"):
        run(target + instruction)


def test_a_key_needs_a_value() -> None:
    with pytest.raises(BrokenPickle, match="without a value"):
        run(b"}(K\x01u")


@pytest.mark.parametrize(
    "key", ["a", 1, -1, 2.5, True, None, b"a", GlobalName("a.b"), Record("a.b", ()), ("a", 1), ((((1,),),),)]
)
def test_plain_and_shallow_values_are_keys(key: Any) -> None:
    plain_key(key)


@pytest.mark.parametrize("key", [[], {}, (((((1,),),),),), tuple(range(65)), ("a", []), ("a" * 1025,)])
def test_values_that_are_costly_to_hash_are_no_keys(key: Any) -> None:
    with pytest.raises(BrokenPickle, match="cannot be a key"):
        plain_key(key)
    with pytest.raises(BrokenPickle):
        set_items({}, [key, 1])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((1, 2), (2, 1)),
        ((1, (2, 3)), ((1, 2), 3)),
        (("a", "b"), ("a b",)),
        ((1,), ("1",)),
        ((b"a",), ("a",)),
        ((), ((),)),
        (2**61, 2**62),
        (2**61, (2**61,)),
        (-(2**60), 2**60),
    ],
)
def test_different_keys_stay_different(one: Any, other: Any) -> None:
    filled: dict[Any, Any] = {}
    set_items(filled, [one, 1, other, 2, one, 3])
    assert [(key.value, value) for key, value in filled.items()] == [(one, 3), (other, 2)]


def test_integers_whose_hashes_collide_are_found_by_their_text() -> None:
    modulus = sys.hash_info.modulus
    filled: dict[Any, Any] = {}
    set_items(filled, [number for factor in range(1, 100) for number in (factor * modulus, factor)])
    assert len({hash(factor * modulus) for factor in range(1, 100)}) == 1
    assert len(set(map(hash, filled))) == len(filled) == 99
    assert [key.value for key in filled] == [factor * modulus for factor in range(1, 100)]


def test_a_key_nested_deeper_than_the_stack_of_the_interpreter_is_refused() -> None:
    deep = b")" + b"\x85" * 20_000
    for content in (b"}" + deep + b"Ns", b"}(" + deep + b"Nu", b"(" + deep + b"Nd"):
        with pytest.raises(BrokenPickle, match="cannot be a key"):
            run(content)


def test_elements_of_sets_are_never_hashed() -> None:
    deep = b")" + b"\x85" * 20_000
    assert len(run(b"\x8f(" + deep + b"\x90")) == 1
    assert len(run(b"(" + deep + b"\x91")) == 1


def test_a_list_handed_to_many_calls_is_copied_to_none_of_them() -> None:
    thousand = b"(" + b"N" * 1000 + b"l"
    calls = b"".join(global_("builtins.set") + b"h\x00\x85R" for _ in range(100))
    sets = run(thousand + b"q\x000(" + calls + b"l")
    assert sum(map(len, sets)) == 1000

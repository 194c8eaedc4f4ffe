from __future__ import annotations

from typing import Any

import pytest

from bncli.formats.pickles.errors import BrokenPickle
from bncli.formats.pickles.inert import GlobalName, Record
from bncli.formats.pickles.machine import Machine
from tests.helpers.hostile_files import call, global_, text

NET = global_("models.Net")


def run(content: bytes) -> Any:
    return Machine(content + b".", "x").run()[0]


@pytest.mark.parametrize(
    "content",
    [
        NET + b"K\x01\x85R",
        NET + b"K\x01\x85\x81",
        b"(" + NET + b"K\x01o",
        b"(K\x01imodels\nNet\n",
        text("models") + text("Net") + b"\x93K\x01\x85R",
    ],
    ids=["REDUCE", "NEWOBJ", "OBJ", "INST", "STACK_GLOBAL"],
)
def test_every_way_to_make_an_object_leaves_the_same_record(content: bytes) -> None:
    record = run(content)
    assert (record.class_name, record.args, record.state) == ("models.Net", (1,), None)


def test_keyword_arguments_are_kept_beside_the_others() -> None:
    assert run(NET + b"K\x01\x85}\x92").args == ((1,), {})


def test_the_state_of_an_object_is_kept() -> None:
    assert run(call("models.Net") + b"}b").state == {}


def test_a_call_of_what_a_call_gave_is_a_record_too() -> None:
    for instruction in (b")R", b")\x81", b")}\x92"):
        assert isinstance(run(call("functools.partial", NET) + instruction), Record)


@pytest.mark.parametrize("target", [b"N", b"K\x01", text("os.system"), b"]", b"}", b")"])
def test_only_names_and_records_can_be_called(target: bytes) -> None:
    for instruction in (b")R", b")\x81", b")}\x92"):
        with pytest.raises(BrokenPickle, match="a call of a"):
            run(target + instruction)


@pytest.mark.parametrize("args", [b"N", b"]", b"K\x01", text("a")])
def test_arguments_are_a_tuple(args: bytes) -> None:
    with pytest.raises(BrokenPickle, match="not a tuple"):
        run(NET + args + b"R")


@pytest.mark.parametrize("target", [b"N", b"K\x01", text("a"), b"]", b"}", b")", NET])
def test_state_is_set_on_records_only(target: bytes) -> None:
    with pytest.raises(BrokenPickle, match="state set on a"):
        run(target + b"}b")


def test_attributes_of_an_ordered_dictionary_are_dropped() -> None:
    value = run(call("collections.OrderedDict") + text("a") + b"K\x01s" + b"}" + text("_metadata") + b"Ns" + b"b")
    assert value == {"a": 1}


def test_an_ordered_dictionary_of_python_2_is_made_of_pairs() -> None:
    pairs = b"](](" + text("b") + b"K\x01e](" + text("a") + b"K\x02ee"
    assert list(run(call("collections.OrderedDict", pairs)).items()) == [("b", 1), ("a", 2)]


@pytest.mark.parametrize("argument", [b"N", b"K\x01", text("ab"), b")"])
def test_containers_are_made_of_lists_only(argument: bytes) -> None:
    if argument == b"N":
        assert run(call("builtins.set", argument)) == []
        return
    with pytest.raises(BrokenPickle, match="made from a"):
        run(call("builtins.set", argument))


@pytest.mark.parametrize("operands", [b"K\x01K\x02", text("a") + b"N", b"C\x01a" + text("b")])
def test_a_global_is_named_by_text(operands: bytes) -> None:
    with pytest.raises(BrokenPickle, match="name is not text"):
        run(operands + b"\x93")


def test_a_name_of_excessive_length_is_refused() -> None:
    with pytest.raises(BrokenPickle, match="1034 characters"):
        run(text("a" * 1024) + text("b" * 10) + b"\x93")


def test_a_global_is_a_value_like_any_other() -> None:
    assert run(NET + NET + b"\x86") == (GlobalName("models.Net"), GlobalName("models.Net"))

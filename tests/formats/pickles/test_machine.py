from __future__ import annotations

import pickle
from collections import OrderedDict, defaultdict
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bncli.errors import UnsafeFile
from bncli.formats.pickles import machine as machine_module
from bncli.formats.pickles.errors import BrokenPickle, TruncatedPickle
from bncli.formats.pickles.inert import GlobalName, Record, TextKey
from bncli.formats.pickles.machine import Machine

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**200), 2**200)
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.binary()
)
KEYS = st.text(max_size=5) | st.integers(-(2**59), 2**59) | st.tuples(st.text(max_size=2), st.integers(0, 9))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(KEYS, inner),
    max_leaves=20,
)


def run(content: bytes) -> Any:
    return Machine(content, "x.pkl").run()[0]


def with_tuples(value: Any) -> Any:
    """Return a value in which the keys of dictionaries are tuples again where the pickle has tuples."""
    if isinstance(value, dict):
        return {key.value if isinstance(key, TextKey) else key: with_tuples(item) for key, item in value.items()}
    return type(value)(map(with_tuples, value)) if isinstance(value, (list, tuple)) else value


@given(value=VALUES, protocol=st.integers(3, 5))
def test_plain_values_come_back_as_from_pickle_itself(value: Any, protocol: int) -> None:
    assert with_tuples(run(pickle.dumps(value, protocol))) == value


@given(value=VALUES.filter(lambda value: not holds_bytes(value)), protocol=st.integers(0, 2))
def test_plain_values_come_back_from_the_old_protocols(value: Any, protocol: int) -> None:
    assert with_tuples(run(pickle.dumps(value, protocol))) == value


def holds_bytes(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(holds_bytes, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(holds_bytes, value))
    return isinstance(value, bytes)


@pytest.mark.parametrize("protocol", range(6))
def test_containers_of_the_standard_library_keep_their_contents(protocol: int) -> None:
    counts = defaultdict(int, a=1)
    value = run(pickle.dumps([OrderedDict(z=1, a=2), {3, 1}, frozenset({7}), counts, complex(1, 2)], protocol))
    ordered, some_set, frozen, counted, number = value
    assert list(ordered.items()) == [("z", 1), ("a", 2)]
    assert sorted(some_set) == [1, 3]
    assert list(frozen) == [7]
    assert (counted.class_name, counted.items) == ("collections.defaultdict", [("a", 1)])
    assert (number.class_name.rpartition(".")[2], number.args) == ("complex", (1.0, 2.0))


@pytest.mark.parametrize("protocol", range(2, 6))
def test_objects_become_records_of_class_arguments_and_state(protocol: int) -> None:
    record = run(pickle.dumps(timedelta(1, 2, 3), protocol))
    assert (record.class_name, record.args) == ("datetime.timedelta", (1, 2, 3))


class Plain:
    def __init__(self) -> None:
        self.eps = 1e-3


class Listed(list[Any]):
    pass


@pytest.mark.parametrize("protocol", range(6))
def test_instances_keep_their_state_and_elements_in_every_protocol(protocol: int) -> None:
    plain, listed = run(pickle.dumps([Plain(), Listed([1, 2])], protocol))
    assert (plain.class_name, plain.state) == (f"{__name__}.Plain", {"eps": 1e-3})
    assert (listed.class_name, listed.items) == (f"{__name__}.Listed", [1, 2])


def test_an_object_met_twice_is_one_object() -> None:
    first, second = run(pickle.dumps([shared := Plain(), shared]))
    assert first is second


def test_a_container_that_holds_itself_is_kept_as_such() -> None:
    cycle: list[Any] = []
    cycle.append(cycle)
    value = run(pickle.dumps(cycle))
    assert value[0] is value


def test_pickles_that_follow_each_other_are_run_one_by_one() -> None:
    content = pickle.dumps([1]) + pickle.dumps({"a": 2})
    machine = Machine(content, "x.pkl")
    first, end = machine.run()
    second, last = machine.run(end)
    assert (first, second, last) == ([1], {"a": 2}, len(content))


def test_what_a_persistent_id_means_is_for_the_caller_to_say() -> None:
    assert Machine(b"(K\x01K\x02tQ.", "x", sum).run()[0] == 3
    assert Machine(b"Pabc\n.", "x", str.upper).run()[0] == "ABC"
    with pytest.raises(BrokenPickle, match="persistent id of type tuple"):
        run(b")Q.")


def test_the_globals_of_all_pickles_are_remembered() -> None:
    machine = Machine(b"cmodels\nNet\n." + b"\x8c\x07collage\x8c\x05Other\x93.", "x.pkl")
    value, end = machine.run()
    assert value == GlobalName("models.Net")
    machine.run(end)
    assert set(machine.globals) == {"models.Net", "collage.Other"}


def test_a_global_that_runs_something_is_refused_where_it_is_named_even_if_never_called() -> None:
    with pytest.raises(UnsafeFile, match=r"^x\.pkl: asks to call os\.system on loading") as caught:
        run(b"(cos\nsystem\nN.")
    assert caught.value.exit_code == 3
    assert caught.value.hint


def test_a_function_reached_through_an_innocent_module_is_refused() -> None:
    with pytest.raises(UnsafeFile, match=r"torch\.serialization\.os\.system"):
        run(b"\x8c\x13torch.serialization\x8c\x09os.system\x93.")


@pytest.mark.parametrize("cut", range(1, 60))
def test_a_pickle_that_is_cut_says_that_more_bytes_are_needed(cut: int) -> None:
    content = pickle.dumps({"weights": [1.5, 2**40, "text", b"bytes", Plain()]}, 4)
    with pytest.raises(TruncatedPickle) as caught:
        run(content[:-cut])
    assert caught.value.needed > len(content) - cut


@pytest.mark.parametrize(
    "pickled", [b"\x80\x02.", b"\x80\x020", b"\x80\x02a.", b"\x80\x02R.", b"\x80\x02t.", b"\x80\x022."]
)
def test_an_instruction_that_takes_more_than_was_pushed_is_told(pickled: bytes) -> None:
    with pytest.raises(BrokenPickle, match="broken at byte 2: nothing is left on its stack"):
        Machine(pickled, "x").run()


def test_a_broken_pickle_says_where_it_broke() -> None:
    with pytest.raises(BrokenPickle, match=r"broken at byte 2: KeyError: 9"):
        run(b"NNh\x09" + bytes(20))


def test_the_number_of_instructions_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine_module, "_MAX_INSTRUCTIONS", 10)
    assert run(b"N" * 9 + b".") is None
    with pytest.raises(BrokenPickle, match="more than 10 instructions"):
        run(b"N" * 10 + b".")


def test_a_record_shows_its_class_and_never_its_contents() -> None:
    record = Record("models.Net", ())
    record.state = {"self": record}
    assert repr(record) == "Record('models.Net')"

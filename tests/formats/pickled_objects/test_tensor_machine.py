from __future__ import annotations

import io
import pickletools
import random
import zipfile
from functools import cache
from typing import Any, ClassVar

import pytest
import torch

from bncli.errors import BncliError
from bncli.formats.pickled_objects.tensor_machine import TensorMachine
from bncli.formats.pickled_objects.torch_storages import Storage, storage_of
from bncli.formats.pickles import machine as machine_module
from bncli.formats.pickles.errors import BrokenPickle
from bncli.formats.pickles.inert import Record
from bncli.formats.pickles.machine import Machine

REDUCE = ord("R")


def pickled(saved: Any, protocol: int = 2) -> bytes:
    """Return the pickle in the zip that `torch.save` writes."""
    buffer = io.BytesIO()
    torch.save(saved, buffer, pickle_protocol=protocol)
    with zipfile.ZipFile(buffer) as archive:
        return archive.read(next(name for name in archive.namelist() if name.endswith("data.pkl")))


def many_kinds_of_tensors() -> dict[str, torch.Tensor]:
    wide = torch.zeros(70_000)
    kinds = [
        *(torch.zeros([2] * num_axes) for num_axes in range(6)),
        *(wide, wide[300:], wide[66_000:], wide[::300], wide[:3], torch.zeros(300, 2).T, torch.zeros(0)),
        *(torch.tensor(7), torch.zeros(3, dtype=torch.bfloat16), torch.nn.Parameter(torch.ones(2))),
        *(torch.zeros(2, dtype=torch.complex64).conj(), torch.eye(2).to_sparse()),
    ]
    return {f"{repeat}.{number}": kind for repeat in range(4) for number, kind in enumerate(kinds)}


@cache
def seeds() -> dict[str, bytes]:
    tensors = many_kinds_of_tensors()
    module = torch.nn.Sequential(*(torch.nn.BatchNorm1d(2) for _ in range(12)))
    few = {name: torch.zeros(2, 3) for name in map(str, range(60))}
    return {
        "tensors": pickled(tensors),
        "module": pickled(module),
        "shared": pickled({"first": tensors, "again": [tensors["0.3"], dict(tensors)]}),
        "newer protocol": pickled(tensors, 4),
        "few kinds": pickled(few),
    }


def told(value: Any, depth: int, seen: dict[int, int]) -> Any:
    """Return a value as something that compares: an object that was met before by its number, a record by its parts."""
    if type(value) is tuple:  # equal tuples of numbers may be one object here, and are several there
        return tuple(told(each, depth - 1, seen) for each in value) if depth else "a tuple"
    if type(value) is not Record and not isinstance(value, (list, dict)):
        return value
    if id(value) in seen or not depth:
        return type(value), seen.get(id(value))
    seen[id(value)] = len(seen)
    parts = (value.class_name, value.args, value.state, value.items) if type(value) is Record else tuple(value)
    more = tuple(value.values()) if isinstance(value, dict) else ()
    return type(value), [told(each, depth - 1, seen) for each in parts + more]


def outcome(machine: Machine) -> Any:
    """Return what a machine makes, remembers and names, or why it fails."""
    try:
        value, end = machine.run()
    except (BrokenPickle, BncliError) as error:
        return type(error), str(error)
    remembered = [(at, told(each, 2, {})) for at, each in machine.memo.items()]
    return told(value, 20, {}), end, remembered, list(machine.globals)


def assert_does_the_same_as_any_machine(content: bytes) -> bool:
    """Compare the machine with one that knows no tensors; return whether the pickle was run to its end."""
    expected = outcome(Machine(content, "x.pt", storage_of))
    assert outcome(TensorMachine(content, "x.pt", storage_of)) == expected
    return len(expected) > 2


class Counting(TensorMachine):
    """Counts the calls that were carried out one by one."""

    __slots__ = ("num_calls",)

    def _reduce(self, at: int) -> int:
        self.num_calls += 1
        return TensorMachine.instructions[REDUCE](self, at)

    instructions: ClassVar[Any] = (
        *TensorMachine.instructions[:REDUCE],
        _reduce,
        *TensorMachine.instructions[REDUCE + 1 :],
    )


def num_single_calls(content: bytes) -> int:
    machine = Counting(content, "x.pt", storage_of)
    machine.num_calls = 0
    machine.run()
    return machine.num_calls


@pytest.mark.parametrize("name", seeds())
def test_tensors_are_what_their_instructions_make_one_by_one(name: str) -> None:
    assert assert_does_the_same_as_any_machine(seeds()[name])


def test_a_tensor_is_made_in_one_step_once_torch_has_named_what_it_needs() -> None:
    def pickle_of(num_tensors: int) -> bytes:
        return pickled({str(number): torch.zeros(2, 300) for number in range(num_tensors)})

    assert num_single_calls(pickle_of(1000)) == num_single_calls(pickle_of(100)) < 2 * 100


def test_tensors_in_modules_are_made_in_one_step_too() -> None:
    module = torch.nn.Sequential(*(torch.nn.BatchNorm1d(2) for _ in range(50)))
    content = pickled(module)
    num_calls = sum(opcode.name == "REDUCE" for opcode, _, _ in pickletools.genops(content))
    # Two for each of 250 tensors, but for the first, among which torch names what it needs.
    assert num_calls - num_single_calls(content) > 2 * 200


@pytest.mark.parametrize("name", seeds())
def test_changed_pickles_mean_the_same_or_are_refused_for_the_same_reason(name: str) -> None:
    seed, choice = seeds()[name], random.Random(name)  # noqa: S311 - no secret
    opcodes = sorted({content[0] for content in map(str.encode, "h(tRQ)rqKMJX.")} | {0x85, 0x86, 0x87, 0x88, 0x89})
    num_run = 0
    for _ in range(400):
        content = bytearray(seed)
        for _ in range(choice.randint(1, 3)):
            at = choice.randrange(len(content) // 2, len(content) - 200)
            content[at] = choice.choice([choice.randrange(256), choice.choice(opcodes), content[at] ^ 1])
        num_run += assert_does_the_same_as_any_machine(bytes(content))
    assert 40 < num_run < 400


def test_a_pickle_that_is_cut_off_is_refused_for_the_same_reason() -> None:
    for length in range(3000, 3120):
        assert not assert_does_the_same_as_any_machine(seeds()["few kinds"][:length])


def put_back(content: bytes, nth: int, index: int) -> bytes:
    """Return a pickle of which the PUT that is the nth from the end writes to an index that is taken."""
    puts = [at for opcode, _, at in pickletools.genops(content) if opcode.name == "LONG_BINPUT"]
    at = puts[-nth]
    return content[: at + 1] + index.to_bytes(4, "little") + content[at + 5 :]


@pytest.mark.parametrize("index", [0, 3, 4, 5, 7, 200, 256, 300])
def test_what_is_remembered_anew_is_what_later_instructions_get(index: int) -> None:
    for nth in range(1, 24):
        assert_does_the_same_as_any_machine(put_back(seeds()["few kinds"], nth, index))


@pytest.mark.parametrize("name", ["tensors", "few kinds"])
def test_the_limit_of_instructions_counts_those_of_tensors(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    content = seeds()[name]
    num_instructions = sum(1 for _ in pickletools.genops(content))
    monkeypatch.setattr(machine_module, "_MAX_INSTRUCTIONS", num_instructions)
    TensorMachine(content, "x.pt", storage_of).run()
    monkeypatch.setattr(machine_module, "_MAX_INSTRUCTIONS", num_instructions - 1)
    with pytest.raises(BrokenPickle, match="more than"):
        TensorMachine(content, "x.pt", storage_of).run()


def test_a_storage_that_cannot_be_is_refused_with_the_place_where_it_stands() -> None:
    def resolve(persistent_id: Any) -> Storage:
        if persistent_id[2] == "30":
            raise ValueError("no such storage")
        return storage_of(persistent_id)

    content = seeds()["few kinds"]
    place = [at for opcode, _, at in pickletools.genops(content) if opcode.name == "BINPERSID"][30]
    for kind in (Machine, TensorMachine):
        with pytest.raises(BrokenPickle, match=f"broken at byte {place}: ValueError: no such storage"):
            kind(content, "x.pt", resolve).run()

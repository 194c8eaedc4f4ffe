from __future__ import annotations

import pickle
import struct
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from bncli.errors import MalformedFile
from bncli.formats.probe import FileProbe, probe_file
from bncli.formats.torch_legacy import open_torch_legacy, recognizes
from tests.helpers.hostile_files import (
    call,
    dictionary,
    global_,
    integer,
    legacy_front,
    legacy_storage,
    tensor,
    text,
    tuple_of,
)
from tests.helpers.torch_checkpoints import (
    assert_holds,
    tensors_of_every_dtype,
    tensors_of_every_layout,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

FOUR_FLOATS = struct.pack("<q4f", 4, 1, 2, 3, 4)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.pth"


def save(tensors: object, path: Path, protocol: int = 2) -> None:
    torch.save(tensors, path, pickle_protocol=protocol, _use_new_zipfile_serialization=False)


def assert_reads_back(path: Path, tensors: Mapping[str, torch.Tensor]) -> None:
    with open_torch_legacy(path) as arrays:
        assert list(arrays.specs) == list(tensors)
        assert_holds(arrays, tensors)


@pytest.mark.parametrize("protocol", [1, 2, 3, 4, 5])
def test_every_dtype_and_layout_comes_back_bit_for_bit_from_every_pickle_protocol(path: Path, protocol: int) -> None:
    tensors = tensors_of_every_dtype() | tensors_of_every_layout()
    save(tensors, path, protocol)
    assert recognizes(probe_file(path))
    assert_reads_back(path, tensors)


def test_one_tensor_costs_its_own_bytes_and_no_others(path: Path) -> None:
    save({"big": torch.zeros(10**6), "small": torch.ones(4)}, path)
    with open_torch_legacy(path) as arrays:
        opened = arrays.bytes_read
        assert opened < 70_000
        arrays.read("small")
        assert arrays.bytes_read - opened == 16


def test_objects_longer_than_the_first_window_are_read_on_and_not_twice(path: Path) -> None:
    tensors = {f"layer{i}.weight": torch.full((1,), float(i)) for i in range(3000)}
    save(tensors, path)
    assert_reads_back(path, tensors)
    with open_torch_legacy(path) as arrays:
        assert arrays.bytes_read < 1.5 * path.stat().st_size


def test_arrays_inside_the_pickle_may_be_longer_than_any_window(path: Path) -> None:
    values = np.arange(300_000, dtype=np.float64)
    save({"inside": values, "outside": torch.ones(3)}, path)
    with open_torch_legacy(path) as arrays:
        np.testing.assert_array_equal(arrays.read("inside"), values)
        np.testing.assert_array_equal(arrays.read("outside"), np.ones(3))


def test_a_view_of_a_storage_starts_where_it_says(path: Path) -> None:
    view = legacy_storage(view=tuple_of(text("1"), integer(1), integer(3)))
    path.write_bytes(legacy_front(tensor(shape=(2,), offset=1, of=view), ["0"]) + FOUR_FLOATS)
    with open_torch_legacy(path) as arrays:
        np.testing.assert_array_equal(arrays.read("tensor"), np.array([3, 4], np.float32))


def test_tensors_of_the_first_version_are_read(path: Path) -> None:
    first = call(
        "torch._utils._rebuild_tensor", legacy_storage(), integer(0), tuple_of(integer(4)), tuple_of(integer(1))
    )
    parameter = call("torch.nn.parameter.Parameter", first) + tuple_of(b"\x88", b"}") + b"b"
    path.write_bytes(legacy_front(dictionary(weight=parameter), ["0"]) + FOUR_FLOATS)
    with open_torch_legacy(path) as arrays:
        np.testing.assert_array_equal(arrays.read("weight"), np.array([1, 2, 3, 4], np.float32))


def test_the_source_text_of_a_module_is_passed_over(path: Path) -> None:
    module = tuple_of(text("module"), global_("models.Net"), text("net.py"), text("import os; os.system('x')")) + b"Q"
    path.write_bytes(legacy_front(dictionary(cls=module, weight=tensor(of=legacy_storage())), ["0"]) + FOUR_FLOATS)
    with open_torch_legacy(path) as arrays:
        assert list(arrays.specs) == ["weight"]
        assert "models.Net" in arrays.named_globals


def test_storages_are_little_endian_whatever_the_machine_that_wrote_them(path: Path) -> None:
    content = legacy_front(tensor(of=legacy_storage()), ["0"]) + FOUR_FLOATS
    path.write_bytes(
        content.replace(pickle.dumps({"little_endian": True}, 2), pickle.dumps({"little_endian": False}, 2))
    )
    with open_torch_legacy(path) as arrays:
        np.testing.assert_array_equal(arrays.read("tensor"), np.array([1, 2, 3, 4], np.float32))


@pytest.mark.parametrize(
    ("keys", "storages", "message"),
    [
        pytest.param(["0"], FOUR_FLOATS[:-1], "ends within storage 0", id="cut short"),
        pytest.param(["0"], FOUR_FLOATS[:5], "bytes", id="cut within the count"),
        pytest.param(["0"], struct.pack("<q5f", 5, 1, 2, 3, 4, 5), "has 5 elements", id="another length"),
        pytest.param(["0"], struct.pack("<q4f", -4, 1, 2, 3, 4), "elements", id="negative length"),
        pytest.param(["0", "0"], FOUR_FLOATS * 2, "no tensor or another entry", id="listed twice"),
        pytest.param(["0", "7"], FOUR_FLOATS * 2, "no tensor or another entry", id="unknown key"),
        pytest.param([], b"", "storage", id="not listed"),
        pytest.param({"0": 0}, FOUR_FLOATS, "not a list", id="no list"),
    ],
)
def test_storages_that_do_not_fit_the_objects_are_refused(
    path: Path, keys: list[str], storages: bytes, message: str
) -> None:
    path.write_bytes(legacy_front(tensor(of=legacy_storage()), keys) + storages)
    with pytest.raises(MalformedFile, match=message):
        open_torch_legacy(path)


def test_one_storage_of_two_lengths_is_refused(path: Path) -> None:
    value = dictionary(a=tensor(of=legacy_storage()), b=tensor(shape=(1,), of=legacy_storage(num_elements=2)))
    path.write_bytes(legacy_front(value, ["0"]) + FOUR_FLOATS)
    with pytest.raises(MalformedFile, match="two types or lengths"):
        open_torch_legacy(path)


def test_a_view_past_its_storage_is_refused(path: Path) -> None:
    view = legacy_storage(view=tuple_of(text("1"), integer(3), integer(2)))
    path.write_bytes(legacy_front(tensor(shape=(2,), of=view), ["0"]) + FOUR_FLOATS)
    with pytest.raises(MalformedFile, match="20 bytes are needed of a storage of 16"):
        open_torch_legacy(path)


def test_a_length_past_the_end_of_the_file_reads_no_further(path: Path) -> None:
    huge = b"\x8e" + struct.pack("<Q", 2**40)
    path.write_bytes(legacy_front(huge, []) + bytes(10**6))
    with pytest.raises(MalformedFile, match="ends before byte"):
        open_torch_legacy(path)


@pytest.mark.parametrize("head", [b"", b"\x80\x02N.", pickle.dumps(1), b"\x80\x02cos\nsystem\n.", b"text", bytes(100)])
def test_what_does_not_begin_with_the_magic_number_is_not_recognized(head: bytes) -> None:
    assert not recognizes(FileProbe(Path("x"), len(head), head))

from __future__ import annotations

import pickle
from collections import OrderedDict
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import numpy as np
import pytest
import torch
from torch import nn

from bncli.analysis.layer_discovery import discover
from bncli.errors import MalformedFile
from bncli.formats.pickled_objects import legacy_stream
from bncli.formats.pickled_objects.inline_storages import InlineStorages
from bncli.formats.pickles.inert import Record
from bncli.formats.raw_pickle import open_raw_pickle
from tests.helpers.torch_checkpoints import assert_holds, tensors_of_every_dtype, tensors_of_every_layout

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.pkl"


@pytest.mark.parametrize("protocol", range(6))
def test_tensors_in_a_plain_pickle_come_back_from_every_protocol(path: Path, protocol: int) -> None:
    tensors = tensors_of_every_dtype() | tensors_of_every_layout()
    path.write_bytes(pickle.dumps(OrderedDict(tensors), protocol))
    with open_raw_pickle(path) as arrays:
        assert_holds(arrays, tensors)


def test_a_pickled_layer_is_found_with_its_settings(path: Path) -> None:
    layer = nn.BatchNorm2d(3, eps=1e-9, momentum=None)
    layer(torch.randn(2, 3, 4, 4))
    path.write_bytes(pickle.dumps({"net": nn.Sequential(nn.ReLU(), layer)}))
    with open_raw_pickle(path) as arrays:
        (found,) = discover(arrays).layers
    assert (found.name, found.eps.value, found.momentum.value) == ("net.1", 1e-9, None)
    assert layer.running_var is not None
    np.testing.assert_array_equal(found.running_var, layer.running_var.numpy())


def test_layers_of_equal_places_in_their_own_strings_are_no_aliases(path: Path) -> None:
    path.write_bytes(pickle.dumps([nn.BatchNorm1d(2).state_dict(), nn.BatchNorm1d(2).state_dict()]))
    with open_raw_pickle(path) as arrays:
        assert [(layer.name, layer.aliases) for layer in discover(arrays).layers] == [("0", ()), ("1", ())]


@pytest.mark.parametrize("protocol", [2, 4])
def test_a_long_storage_stays_in_the_file(path: Path, protocol: int) -> None:
    large = torch.randn(1_000_000)
    path.write_bytes(pickle.dumps({"large": large, "small": torch.ones(2)}, protocol))
    with open_raw_pickle(path) as arrays:
        np.testing.assert_array_equal(arrays.read("small"), [1, 1])
        assert arrays.bytes_read < 600_000
        np.testing.assert_array_equal(arrays.read("large"), large.numpy())


class Call:
    """What pickle writes as a call, with its arguments as they are: an object that it meets twice, it writes once."""

    def __init__(self, function: Callable[..., Any], *args: Any) -> None:
        self.call = function, args

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return self.call


def storage_bytes(values: torch.Tensor) -> bytes:
    """Return what torch writes for the storage of a tensor in a plain pickle."""
    function, (content,) = values._typed_storage().__reduce__()
    assert function is torch.storage._load_from_bytes
    return content


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize("num_values", [4, 10_000])
@pytest.mark.parametrize("share_call", [True, False])
def test_a_storage_that_many_tensors_name_is_parsed_once(
    path: Path, monkeypatch: pytest.MonkeyPatch, protocol: int, num_values: int, *, share_call: bool
) -> None:
    content = storage_bytes(torch.arange(float(num_values)))
    call = Call(torch.storage._load_from_bytes, content)

    def view(offset: int) -> Call:
        storage = call if share_call else Call(torch.storage._load_from_bytes, content)
        return Call(torch._utils._rebuild_tensor_v2, storage, offset, (2,), (1,), False, OrderedDict())

    path.write_bytes(pickle.dumps({f"t{n}": view(n % 3) for n in range(100)} | {"other": torch.ones(2)}, protocol))
    reader = Mock(wraps=legacy_stream.read_legacy_stream)
    monkeypatch.setattr(legacy_stream, "read_legacy_stream", reader)
    with open_raw_pickle(path) as arrays:
        assert_holds(arrays, pickle.loads(path.read_bytes()))  # noqa: S301 - of our own making
    assert reader.call_count == 2


def test_bytes_that_are_made_in_the_place_of_others_are_parsed_anew() -> None:
    storages = InlineStorages()
    for number in range(50):
        storage = storages.storage(Record("torch.storage._load_from_bytes", (storage_bytes(torch.full((3,), number)),)))
        assert storage is not None
        assert storage.content is not None
        assert storage.content.read(0, 24) == torch.full((3,), number).numpy().tobytes()


@pytest.mark.parametrize("cut", [1, 100, 600])
def test_a_storage_that_is_cut_short_is_refused(path: Path, cut: int) -> None:
    content = pickle.dumps(torch.arange(100.0), 4)
    start = content.index(b"\x80\x02\x8a\n")
    length = int.from_bytes(content[start - 4 : start], "little")
    shortened = content[start : start + length - cut]
    path.write_bytes(
        content[: start - 4] + len(shortened).to_bytes(4, "little") + shortened + content[start + length :]
    )
    with pytest.raises(MalformedFile):
        open_raw_pickle(path)


@pytest.mark.parametrize("content", [5, None, Record("_codecs.encode", (5, "latin1"))])
def test_a_storage_of_anything_but_bytes_is_refused(content: Any) -> None:
    with pytest.raises(ValueError, match="without bytes"):
        InlineStorages().storage(Record("torch.storage._load_from_bytes", (content,)))


def test_other_records_are_no_storages() -> None:
    assert InlineStorages().storage(Record("torch.storage.TypedStorage", (b"",))) is None

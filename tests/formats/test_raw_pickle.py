from __future__ import annotations

import pickle
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest

from bncli.errors import MalformedFile, UnsafeFile
from bncli.formats.probe import FileProbe
from bncli.formats.raw_pickle import open_raw_pickle, recognizes
from tests.helpers.hostile_files import PROTOCOL_2, dictionary, tensor, text, tuple_of

STATE = OrderedDict(
    weight=np.arange(6, dtype=np.float32).reshape(2, 3),
    fortran=np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    big=np.arange(4, dtype=">i4"),
    flags=np.array([True, False]),
    empty=np.empty((0, 3)),
    scalar=np.float16(2.5),
    high=np.array([200, 255, 128], np.uint8),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.pkl"


@pytest.mark.parametrize("protocol", range(6))
def test_every_array_comes_back_from_every_protocol(path: Path, protocol: int) -> None:
    path.write_bytes(pickle.dumps({"model": STATE, "epoch": 3}, protocol))
    with open_raw_pickle(path) as arrays:
        assert list(arrays.specs) == [f"model.{name}" for name in STATE]
        assert arrays.bytes_read == path.stat().st_size
        for name, values in STATE.items():
            ours = arrays.read(f"model.{name}")
            np.testing.assert_array_equal(ours, values)
            assert ours.dtype == values.dtype.newbyteorder("=")
            np.testing.assert_array_equal(arrays.read_flat(f"model.{name}", 0, ours.size), values.reshape(-1))


def test_a_lone_array_goes_by_the_name_of_a_lone_tensor(path: Path) -> None:
    path.write_bytes(pickle.dumps(np.arange(3)))
    with open_raw_pickle(path) as arrays:
        assert list(arrays.specs) == ["tensor"]


def test_an_array_of_objects_is_skipped_and_its_objects_stay_inert(path: Path) -> None:
    path.write_bytes(pickle.dumps({"names": np.array(["a", None], object), "n": np.arange(2)}))
    with open_raw_pickle(path) as arrays:
        assert list(arrays.specs) == ["n"]
        assert [skipped.name for skipped in arrays.skipped] == ["names"]


@pytest.mark.parametrize(
    ("head", "recognized"),
    [(pickle.dumps({"a": 1}, protocol), True) for protocol in range(6)]
    + [(pickle.dumps([1], protocol), True) for protocol in range(6)]
    + [(b"cos\nsystem\n", True), (b"\x80\x06", False), (b"}", False), (b"{}", False), (b"classes\nof text", False)],
)
def test_a_pickle_is_known_by_its_beginning(head: bytes, *, recognized: bool) -> None:
    assert recognizes(FileProbe(Path("x"), len(head), head)) is recognized


def test_a_program_to_be_run_is_unsafe_in_protocol_0_too(path: Path) -> None:
    path.write_bytes(b"cos\nsystem\n(S'ls'\ntR.")
    with pytest.raises(UnsafeFile, match=r"x\.pkl: asks to call os\.system"):
        open_raw_pickle(path)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(PROTOCOL_2 + dictionary(a=tensor()) + b".", id="a storage that is elsewhere"),
        pytest.param(PROTOCOL_2 + tuple_of(text("x")) + b"Q.", id="an id that means nothing"),
        pytest.param(pickle.dumps(STATE)[:-20], id="cut short"),
    ],
)
def test_what_a_plain_pickle_cannot_hold_is_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(MalformedFile, match=r"x\.pkl: broken as a pickle"):
        open_raw_pickle(path)

from __future__ import annotations

import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from bncli.analysis.layer_discovery import discover
from bncli.errors import MalformedFile, UnsafeFile, UnsupportedFormat
from bncli.formats.detection import open_named_arrays
from bncli.formats.probe import FileProbe
from bncli.formats.raw_pickle import open_raw_pickle, recognizes
from tests.helpers.hostile_files import PROTOCOL_2, call, dictionary, global_, tensor, text, tuple_of

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


@pytest.mark.parametrize("protocol", range(2, 6))
def test_long_arrays_stay_in_the_file_until_they_are_read(path: Path, protocol: int) -> None:
    large = np.random.default_rng(0).normal(size=(500, 1000))
    path.write_bytes(pickle.dumps({"large": large, "small": np.arange(3.0), "last": large[:3]}, protocol))
    with open_raw_pickle(path) as arrays:
        np.testing.assert_array_equal(arrays.read("small"), [0, 1, 2])
        assert arrays.bytes_read < 30_000
        np.testing.assert_array_equal(arrays.read("last"), large[:3])
        np.testing.assert_array_equal(arrays.read("large"), large)
        np.testing.assert_array_equal(arrays.read_flat("large", 70_000, 300_000), large.reshape(-1)[70_000:300_000])


def with_paddle_names(state: dict[str, Any]) -> dict[str, Any]:
    return state | {"StructuredToParameterName@@": {"bn._mean": "batch_norm2d_0.w_1"}}


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("make", [np.ones, torch.ones, lambda shape: torch.nn.Parameter(torch.ones(shape))])
def test_a_layer_whose_arrays_stand_in_two_dictionaries_is_one(path: Path, protocol: int, make: Any) -> None:
    state = {f"bn.{leaf}": make(3) for leaf in ("running_mean", "running_var", "weight")}
    path.write_bytes(
        pickle.dumps({"model": state, "ema": dict(state), "other": {"bn.running_mean": make(3)}}, protocol)
    )
    with open_raw_pickle(path) as arrays:
        (layer,) = discover(arrays).layers
        assert (layer.name, layer.aliases) == ("model.bn", ("ema.bn",))
        identities = [spec.identity for spec in arrays.specs.values()]
    assert len(set(identities)) == 4
    assert None not in identities


def test_parameters_of_paddle_that_stand_in_two_dictionaries_are_one(path: Path) -> None:
    state = {"bn._mean": np.zeros(3, "u2"), "bn._variance": np.full(3, 0x3F80, "u2")}
    path.write_bytes(pickle.dumps(with_paddle_names(state | {"twin": dict(state)})))
    with open_raw_pickle(path) as arrays:
        (layer,) = discover(arrays).layers
    assert (layer.name, layer.aliases, layer.dtype) == ("bn", ("twin.bn",), "bfloat16")


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
    + [(b"cos\nsystem\n", True), (b"\x80\x06", False), (b"}", False), (b"{}", False), (b"classes\nof text", False)]
    + [(b"components\n3\nheight\n149\n", False)],
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


@pytest.mark.parametrize("package", ["joblib", "sklearn.externals.joblib"])
def test_a_file_of_joblib_is_told_from_a_broken_pickle(path: Path, package: str) -> None:
    wrapper = global_(f"{package}.numpy_pickle.NumpyArrayWrapper") + b")\x81" + dictionary(shape=tuple_of()) + b"b"
    padding = b"\x03" + 3 * b"\xff"
    path.write_bytes(PROTOCOL_2 + b"}" + text("mean") + wrapper + padding + np.arange(4.0).tobytes() + b"s.")
    with pytest.raises(UnsupportedFormat, match=r"x\.pkl: is a file of joblib") as caught:
        open_raw_pickle(path)
    assert caught.value.hint


PADDLE_STATE = {
    "bn.weight": np.linspace(0.5, 1.5, 4, dtype=np.float32),
    "bn.bias": np.zeros(4, np.float32),
    "bn._mean": np.linspace(-1, 1, 4, dtype=np.float32),
    "bn._variance": np.linspace(0.5, 2, 4, dtype=np.float32),
}
PADDLE_NAMES = {"StructuredToParameterName@@": {name: f"batch_norm2d_0.w_{n}" for n, name in enumerate(PADDLE_STATE)}}


@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_a_state_dict_of_paddle_is_told_by_its_table_of_names(path: Path, protocol: int) -> None:
    path.write_bytes(pickle.dumps({**PADDLE_STATE, **PADDLE_NAMES}, protocol))
    with open_named_arrays(path) as arrays:
        assert (arrays.format, list(arrays.specs), arrays.skipped) == ("paddle", list(PADDLE_STATE), ())
        (layer,) = discover(arrays).layers
    assert (layer.framework, layer.name, layer.num_batches_tracked) == ("paddle", "bn", None)
    np.testing.assert_array_equal(layer.running_mean, PADDLE_STATE["bn._mean"], strict=True)
    np.testing.assert_array_equal(layer.running_var, PADDLE_STATE["bn._variance"], strict=True)


def test_paddles_bfloat16_is_stored_as_integers_of_its_width(path: Path) -> None:
    halves = np.array([0x3F80, 0x4049, 0x8000], np.uint16)
    state = {"bn._mean": halves, "bn._variance": halves, "StructuredToParameterName@@": {}}
    path.write_bytes(pickle.dumps(state))
    with open_raw_pickle(path) as arrays:
        (layer,) = discover(arrays).layers
    assert layer.dtype == "bfloat16"
    np.testing.assert_array_equal(layer.running_var, np.array([1, 3.140625, -0.0], np.float32), strict=True)
    del state["StructuredToParameterName@@"]
    path.write_bytes(pickle.dumps(state))
    with open_raw_pickle(path) as arrays:
        assert arrays.specs["bn._mean"].dtype == "uint16"


class PaddleTensor:
    """Pickles as Paddle's tensors do where they are not in a state dict: as a pair of name and array."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __reduce__(self) -> tuple[Any, ...]:
        return tuple, ((f"batch_norm2d_0.{self.name}", PADDLE_STATE[self.name]),)


@pytest.mark.parametrize("protocol", [2, 4])
def test_tensors_of_paddle_in_other_objects_are_arrays(path: Path, protocol: int) -> None:
    path.write_bytes(pickle.dumps({"model": {name: PaddleTensor(name) for name in PADDLE_STATE}, "step": 3}, protocol))
    with open_raw_pickle(path) as arrays:
        assert list(arrays.specs) == [f"model.{name}" for name in PADDLE_STATE]
        np.testing.assert_array_equal(arrays.read("model.bn._mean"), PADDLE_STATE["bn._mean"], strict=True)


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("arguments", [(), ((),), (("a",),), (("a", "b"),), (("a", 1, 2),)])
def test_other_tuples_are_no_arrays(path: Path, protocol: int, arguments: tuple[Any, ...]) -> None:
    class Tuple:
        def __reduce__(self) -> tuple[Any, ...]:
            return tuple, arguments

    path.write_bytes(pickle.dumps({"t": Tuple(), "w": np.ones(1)}, protocol))
    with open_raw_pickle(path) as arrays:
        assert list(arrays.specs) == ["w"]


def test_arrays_in_other_tuples_are_found_by_their_number(path: Path) -> None:
    class Tuple:
        def __reduce__(self) -> tuple[Any, ...]:
            return tuple, ((1, np.ones(2)),)

    path.write_bytes(pickle.dumps({"t": Tuple()}))
    with open_raw_pickle(path) as arrays:
        assert list(arrays.specs) == ["t.0.1"]


def test_a_pair_within_a_pair_is_no_array(path: Path) -> None:
    inner = call("builtins.tuple", tuple_of(text("a"), b"N"))
    for _ in range(50_000):
        inner = call("builtins.tuple", tuple_of(text("a"), inner))
    path.write_bytes(PROTOCOL_2 + dictionary(a=inner) + b".")
    with open_raw_pickle(path) as arrays:
        assert arrays.specs == {}

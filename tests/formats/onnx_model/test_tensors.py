from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ml_dtypes
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from bncli.core.named_arrays import Skipped
from bncli.errors import MalformedFile
from bncli.formats.onnx import open_onnx
from tests.helpers.onnx_models import ROLES, batch_norm, model, one_layer_model, tensors

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NUMPY_TYPES = (
    *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    *("float16", "float32", "float64", "complex64", "complex128"),
)
NARROW_TYPES = ("bfloat16", "float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz")


def values_of(dtype: str) -> Any:
    """Return 12 values of a type, the extreme ones of whole numbers among them."""
    rng = np.random.default_rng(0)
    if dtype in NARROW_TYPES:
        return rng.normal(0, 3, (3, 4)).astype(getattr(ml_dtypes, dtype))
    if np.dtype(dtype).kind in "iu":
        limits = np.iinfo(dtype)
        return np.array([limits.min, limits.max, 0, 1, 2, 3, 4, 5, 6, 7, 8, 100], dtype).reshape(3, 4)
    return (rng.normal(0, 3, (3, 4)) + (1j if "complex" in dtype else 0)).astype(dtype)


def raw(values: Any) -> TensorProto:
    return numpy_helper.from_array(values, "a")


def typed(values: Any) -> TensorProto:
    """Return a tensor whose values stand in the field of their type, as numbers."""
    data_type = helper.np_dtype_to_tensor_dtype(values.dtype)
    return helper.make_tensor("a", data_type, values.shape, values.reshape(-1))


def write(path: Path, tensor: TensorProto) -> Path:
    model = one_layer_model()
    model.graph.initializer.append(tensor)
    path.write_bytes(model.SerializeToString())
    return path


@pytest.mark.parametrize("dtype", NUMPY_TYPES + NARROW_TYPES)
@pytest.mark.parametrize("make", [raw, typed])
def test_every_type_comes_back_bit_for_bit_however_it_is_stored(
    tmp_path: Path, make: Callable[[Any], TensorProto], dtype: str
) -> None:
    values = values_of(dtype)
    expected = values.astype(np.float32) if dtype in NARROW_TYPES else values
    with open_onnx(write(tmp_path / "model", make(values))) as arrays:
        assert (arrays.specs["a"].dtype, arrays.specs["a"].shape) == (dtype, (3, 4))
        np.testing.assert_array_equal(arrays.read("a"), expected, strict=True)
        np.testing.assert_array_equal(arrays.read_flat("a", 5, 9), expected.reshape(-1)[5:9], strict=True)


@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 2), (1, 1, 1)])
def test_scalars_and_empty_tensors_are_arrays(tmp_path: Path, shape: tuple[int, ...]) -> None:
    with open_onnx(write(tmp_path / "model", raw(np.ones(shape, np.float32)))) as arrays:
        np.testing.assert_array_equal(arrays.read("a"), np.ones(shape, np.float32), strict=True)


@pytest.mark.parametrize("data_type", [TensorProto.STRING, TensorProto.INT4, TensorProto.FLOAT4E2M1, 99])
def test_a_type_that_is_not_read_is_told_and_stops_nothing(tmp_path: Path, data_type: int) -> None:
    with open_onnx(write(tmp_path / "model", TensorProto(name="a", data_type=data_type, dims=[3]))) as arrays:
        (skipped,) = arrays.skipped
        assert skipped.name == "a"
        assert "is not one that bncli reads" in skipped.reason
        assert len(arrays.hints) == 1


def test_a_tensor_in_segments_is_told_and_stops_nothing(tmp_path: Path) -> None:
    tensor = TensorProto(name="a", data_type=1, dims=[3], segment=TensorProto.Segment(begin=0, end=3))
    with open_onnx(write(tmp_path / "model", tensor)) as arrays:
        assert arrays.skipped == (Skipped("a", "is stored in segments"),)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"raw_data": b"1234567"}, "7 bytes are stored for shape"),
        ({"raw_data": b"1" * 12}, "12 bytes are stored for shape"),
        ({}, "0 bytes are stored for 2 elements"),
        ({"float_data": [1.0]}, "4 bytes are stored for 2 elements"),
        ({"int32_data": [1, 2]}, "0 bytes are stored"),
        ({"data_type": 10, "int32_data": [1]}, "1 bytes are stored for 2 elements"),
        ({"raw_data": b"12345678", "float_data": [1.0, 2.0]}, "holds its values twice"),
        ({"dims": [-2], "raw_data": b"12345678"}, r"the shape \[-2\]"),
        ({"dims": [2**40, 2**40, 2**40]}, "elements of 4"),
        ({"dims": [1] * 65, "raw_data": b"1234"}, "over 64 axes"),
        ({"dims": [1] * 1000, "raw_data": b"1234"}, "over 64 axes"),
    ],
)
def test_values_that_do_not_fit_the_shape_are_an_error_that_names_the_file(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    tensor = TensorProto(**({"name": "a", "data_type": 1, "dims": [2]} | changes))
    with pytest.raises(MalformedFile, match=message):
        open_onnx(write(tmp_path / "model", tensor))


def test_numbers_of_variable_length_are_counted_when_they_are_read(tmp_path: Path) -> None:
    tensor = TensorProto(name="a", data_type=10, dims=[2], int32_data=[1000, 1000, 1000])
    with open_onnx(write(tmp_path / "model", tensor)) as arrays, pytest.raises(MalformedFile, match="'a'.* 3 values"):
        arrays.read("a")


@pytest.mark.parametrize("entry", ["-1", "1.5", "0x10", "", "9" * 30, "٣"])
@pytest.mark.parametrize("key", ["offset", "length"])
def test_an_offset_or_length_that_is_no_plain_number_is_broken(tmp_path: Path, key: str, entry: str) -> None:
    tensor = TensorProto(name="a", data_type=1, dims=[2], data_location=TensorProto.EXTERNAL)
    entries = {"location": "data.bin", key: entry}
    tensor.external_data.extend(onnx.StringStringEntryProto(key=name, value=value) for name, value in entries.items())
    with pytest.raises(MalformedFile, match=f"its {key} in another file"):
        open_onnx(write(tmp_path / "model", tensor))


def test_two_tensors_of_one_name_are_broken(tmp_path: Path) -> None:
    model = one_layer_model()
    model.graph.initializer.append(model.graph.initializer[0])
    path = tmp_path / "model"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(MalformedFile, match=r"two tensors are named 'bn\.weight'"):
        open_onnx(path)


def sparse(name: str) -> onnx.SparseTensorProto:
    """Return a sparse tensor of four elements, two of which are stored."""
    values = helper.make_tensor(name, TensorProto.FLOAT, [2], [1.0, 2.0])
    indices = helper.make_tensor("", TensorProto.INT64, [2], [0, 3])
    made = helper.make_sparse_tensor(values, indices, [4])
    onnx.checker.check_sparse_tensor(made)
    return made


def test_a_layer_with_a_sparse_array_is_told_and_so_is_the_array(tmp_path: Path) -> None:
    proto = one_layer_model()
    (weight,) = (tensor for tensor in proto.graph.initializer if tensor.name == "bn.weight")
    proto.graph.initializer.remove(weight)
    proto.graph.sparse_initializer.append(sparse("bn.weight"))
    path = tmp_path / "model"
    path.write_bytes(proto.SerializeToString())
    reason = "is stored sparse (sparse_initializer)"
    with open_onnx(path) as arrays:
        layer = Skipped("bn", f"weight 'bn.weight' cannot be read: {reason}")
        assert arrays.skipped == (layer, Skipped("bn.weight", reason))


def test_a_sparse_constant_is_told(tmp_path: Path) -> None:
    constant = helper.make_node("Constant", [], ["w"], sparse_value=sparse("value"))
    stored = {f"bn.{role}": np.ones(4, np.float32) for role in ROLES[1:]}
    path = tmp_path / "model"
    path.write_bytes(model([constant, batch_norm(["w", *stored])], tensors(stored)).SerializeToString())
    with open_onnx(path) as arrays:
        assert arrays.skipped == (Skipped("bn", "weight is a sparse Constant"),)

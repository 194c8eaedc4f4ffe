from __future__ import annotations

import itertools
import pickle
from typing import TYPE_CHECKING, Any

import ml_dtypes
import numpy as np
import pytest

from bncli.formats.pickled_objects.leaves import Unreadable
from bncli.formats.pickled_objects.numpy_records import numpy_array
from bncli.formats.pickles.inert import GlobalName, LongString, Record
from bncli.formats.pickles.machine import Machine
from bncli.formats.regions import MemoryRegion
from bncli.formats.stored_array import StoredArray

if TYPE_CHECKING:
    from pathlib import Path

FLOAT32 = Record("numpy.dtype", ("f4", False, True))
RECONSTRUCT = GlobalName("numpy.core.multiarray._reconstruct")


def made(value: Any, protocol: int = 4) -> Any:
    record, _ = Machine(pickle.dumps(value, protocol), "x").run()
    return numpy_array(record)


def reconstructed(*state: Any) -> Record:
    record = Record("numpy.core.multiarray._reconstruct", (GlobalName("numpy.ndarray"), (0,), b"b"))
    record.state = state
    return record


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("dtype", ["?", "i1", "<i8", ">i2", "u4", "f2", ">f4", "f8", "c8", "c16"])
def test_arrays_and_scalars_of_every_type_come_back(dtype: str, protocol: int) -> None:
    values = np.arange(6).astype(dtype).reshape(2, 3)
    for original in (values, values.T, values[:, ::2], values[1, 2], values[:0]):
        array = made(original, protocol)
        assert isinstance(array, StoredArray)
        np.testing.assert_array_equal(array.whole(), original)
        assert array.whole().dtype == original.dtype.newbyteorder("=")


@pytest.mark.parametrize("axes", list(itertools.permutations(range(4))))
def test_arrays_of_any_order_of_axes_come_back(axes: tuple[int, ...]) -> None:
    original = np.arange(120, dtype="f4").reshape(2, 3, 4, 5).transpose(axes)
    array = made(original, protocol=5)
    assert isinstance(array, StoredArray)
    np.testing.assert_array_equal(array.whole(), original, strict=True)


@pytest.mark.parametrize("axes", [(0,), (0, 0), (0, 2), (1, 0, 2), [1, 0], (True, 0), (1, -1), (2**70, 0)])
def test_an_order_of_axes_that_is_none_is_refused(axes: Any) -> None:
    with pytest.raises(ValueError, match="order of axes|shape is not"):
        numpy_array(Record("numpy._core.numeric._frombuffer", (bytes(24), FLOAT32, (2, 3), "K", axes)))


def test_without_an_order_of_axes_the_elements_are_in_order() -> None:
    content = np.arange(6, dtype="<f4").tobytes()
    for args in (("K", None), ("C", None)):
        array = numpy_array(Record("numpy._core.numeric._frombuffer", (content, FLOAT32, (2, 3), *args)))
        assert isinstance(array, StoredArray)
        np.testing.assert_array_equal(array.whole(), np.arange(6).reshape(2, 3))


def test_arrays_of_numpy_1_and_of_python_2_are_read() -> None:
    content = np.arange(3, dtype="<f4").tobytes()
    for record in (
        reconstructed(1, (3,), FLOAT32, False, content),
        reconstructed((3,), FLOAT32, False, content),
        reconstructed(1, (3,), FLOAT32, False, content.decode("latin-1")),
        Record("numpy.core.numeric._frombuffer", (content, FLOAT32, (3,), "C")),
    ):
        array = numpy_array(record)
        assert isinstance(array, StoredArray)
        np.testing.assert_array_equal(array.whole(), [0, 1, 2])


@pytest.mark.parametrize(
    "call", ["jax._src.array._reconstruct_array", "jax._src.device_array.reconstruct_device_array"]
)
def test_arrays_of_jax_are_numpys_in_a_call_of_its_own(call: str) -> None:
    numpys = reconstructed(1, (3,), FLOAT32, False, np.arange(3, dtype="<f4").tobytes())
    function = GlobalName(numpys.class_name)
    array = numpy_array(Record(call, (function, numpys.args, numpys.state, {"weak_type": False})))
    assert isinstance(array, StoredArray)
    np.testing.assert_array_equal(array.whole(), [0, 1, 2])
    for other in (GlobalName("models.make"), numpys):
        with pytest.raises(ValueError, match="none of NumPy"):
            numpy_array(Record(call, (other, numpys.args, numpys.state, {})))


def test_bytes_that_were_left_in_the_file_are_read_from_there() -> None:
    values = np.linspace(-1, 1, 7, dtype="<f4")
    text = values.tobytes().decode("latin-1").encode()
    for content, is_text in ((values.tobytes(), False), (text, True)):
        left: Any = LongString(MemoryRegion(content), is_text)
        for stored in (left, Record("_codecs.encode", (left, "latin1"))):
            array = numpy_array(reconstructed(1, (7,), FLOAT32, False, stored))
            assert isinstance(array, StoredArray)
            np.testing.assert_array_equal(array.whole(), values)
        with pytest.raises(ValueError, match="an array of 400 bytes|400 bytes are claimed"):
            numpy_array(reconstructed(1, (100,), FLOAT32, False, left))


def test_bfloat16_of_jax_is_known_by_its_name() -> None:
    dtype = Record("numpy.dtype", (GlobalName("ml_dtypes.bfloat16"), False, True))
    array = numpy_array(reconstructed(1, (2,), dtype, False, b"\x80\x3f\xc0\x3f"))
    assert isinstance(array, StoredArray)
    assert array.element.name == "bfloat16"
    np.testing.assert_array_equal(array.whole(), np.array([1, 1.5], np.float32))


@pytest.mark.parametrize(
    "values", [np.array(["a"]), np.array([None]), np.array(["2024"], "M8[Y]"), np.zeros(2, "i4,f4")]
)
def test_arrays_that_are_not_numbers_are_unreadable(values: Any) -> None:
    assert made(values) == Unreadable("an array whose elements are not numbers")


class Quantity(np.ndarray[Any, Any]):
    """An array with a unit, by the recipe in NumPy's guide to subclasses."""

    def __reduce__(self) -> Any:
        reduced: Any = super().__reduce__()
        call, args, state = reduced
        return call, args, (*state, "metre")


def test_arrays_of_foreign_classes_are_unreadable_whatever_their_state_is() -> None:
    assert made(np.ones(3).view(Quantity)) == Unreadable(f"an array of class {__name__}.Quantity")


def test_arrays_of_classes_of_numpy_are_read(tmp_path: Path) -> None:
    mapped = np.memmap(tmp_path / "x", "f4", "w+", shape=(3,))
    mapped[:] = [1, 2, 3]
    array = made(mapped)
    assert isinstance(array, StoredArray)
    np.testing.assert_array_equal(array.whole(), [1, 2, 3])


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (np.array(["a"], np.dtypes.StringDType()), "numpy._core._internal._convert_to_stringdtype_kwargs is none of"),
        (np.ones(2, np.longdouble), "float128 is not one"),
        (np.ones(2, ml_dtypes.int4), "int4 is not one"),
        (np.ones(2, ml_dtypes.float8_e4m3b11fnuz), "float8_e4m3b11fnuz is not one"),
    ],
)
def test_element_types_that_are_not_read_are_named(values: Any, reason: str) -> None:
    for protocol in (2, 4, 5):
        array = made(values, protocol)
        assert isinstance(array, Unreadable)
        assert reason in array.reason


def test_other_objects_are_no_arrays() -> None:
    assert numpy_array(Record("models.Net", ())) is None
    assert numpy_array(FLOAT32) is None


@pytest.mark.parametrize(
    "record",
    [
        Record("numpy.core.multiarray._reconstruct", ()),
        reconstructed(1, (3,), FLOAT32),
        reconstructed(1, (4,), FLOAT32, False, bytes(12)),
        reconstructed(1, (2,), FLOAT32, False, bytes(12)),
        reconstructed(1, (-3,), FLOAT32, False, bytes(12)),
        reconstructed(1, [3], FLOAT32, False, bytes(12)),
        reconstructed(1, (True,), FLOAT32, False, bytes(4)),
        reconstructed(1, (2**40, 2**40), FLOAT32, False, bytes(12)),
        reconstructed(1, (1,) * 65, FLOAT32, False, bytes(4)),
        reconstructed(1, (3,), "f4", False, bytes(12)),
        reconstructed(1, (3,), Record("numpy.dtype", ()), False, bytes(12)),
        reconstructed(1, (3,), FLOAT32, False, bytes(12), "more"),
        reconstructed(1, (3,), FLOAT32, False, [1, 2, 3]),
        Record("numpy.core.numeric._frombuffer", (bytes(4),)),
        Record("numpy.core.multiarray.scalar", (FLOAT32, bytes(5))),
    ],
)
def test_an_array_whose_parts_do_not_fit_is_refused(record: Record) -> None:
    with pytest.raises(ValueError, match=r"array|bytes"):
        numpy_array(record)


@pytest.mark.parametrize(
    ("call", "args", "words"),
    [
        ("numpy._core.multiarray.scalar", (), "a scalar that is not a dtype and its bytes"),
        ("numpy._core.multiarray.scalar", (FLOAT32,), "a scalar that is not a dtype and its bytes"),
        ("numpy._core.multiarray.scalar", (FLOAT32, bytes(4), 1), "a scalar that is not a dtype and its bytes"),
        ("numpy._core.numeric._frombuffer", (bytes(4), FLOAT32), "without a buffer, a dtype, a shape and an order"),
        ("jax._src.array._reconstruct_array", (), "an array of JAX that is none of NumPy's"),
        ("jax._src.array._reconstruct_array", (RECONSTRUCT, {}, ()), "an array of JAX that is none of NumPy's"),
    ],
)
def test_a_call_without_all_its_arguments_is_refused_in_plain_words(
    call: str, args: tuple[Any, ...], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        numpy_array(Record(call, args))

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
import pytest

from bncli.formats.numpy_header import NotNumericError, ObjectsError, read_npy
from bncli.formats.regions import MemoryRegion


def npy(array: Any, **options: Any) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, **options)
    return stream.getvalue()


def with_header(text: str, content: bytes = b"", version: bytes = b"\1\0") -> bytes:
    length = struct.pack("<H" if version == b"\1\0" else "<I", len(text))
    return b"\x93NUMPY" + version + length + text.encode("latin-1") + content


def read(content: bytes) -> Any:
    return read_npy(MemoryRegion(content))


@pytest.mark.parametrize("dtype", ["?", "i1", "<i8", ">i2", "u4", "<f2", ">f4", "f8", "c8", ">c16", "longdouble"])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("shape", [(), (3,), (2, 3, 4), (0, 4)])
def test_every_number_in_every_order_comes_back(dtype: str, order: Any, shape: tuple[int, ...]) -> None:
    values = np.arange(24).astype(dtype)[: int(np.prod(shape))].reshape(shape, order=order)
    ours = read(npy(values)).whole()
    np.testing.assert_array_equal(ours, values)
    assert ours.shape == shape
    assert ours.dtype == values.dtype.newbyteorder("=")
    assert ours.flags.c_contiguous


@pytest.mark.parametrize("version", [(1, 0), (2, 0)])
def test_both_versions_for_numbers_are_read(version: tuple[int, int]) -> None:
    np.testing.assert_array_equal(read(npy(np.arange(5), version=version)).whole(), np.arange(5))


def test_a_header_of_python_2_is_read_without_a_warning() -> None:
    content = with_header("{'descr': '<f4', 'fortran_order': False, 'shape': (2L,), }", bytes(8))
    assert read(content).shape == (2,)


@pytest.mark.parametrize(
    "text",
    [
        "{'shape':(2,),'fortran_order':False,'descr':'<f4'}\n",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }   \n",
        "{ 'descr' : '<f4' , 'fortran_order' : False , 'shape' : ( 2 , ) }",
    ],
)
def test_headers_of_other_writers_are_read(text: str) -> None:
    assert read(with_header(text, bytes(8))).shape == (2,)


def test_python_objects_are_unsafe() -> None:
    content = npy(np.array([{}, None], dtype=object), allow_pickle=True)
    with pytest.raises(ObjectsError, match="holds Python objects"):
        read(content)


@pytest.mark.parametrize("descr", ["[('a', '|O')]", "[('a', [('b', ('|O', (2,)))])]"])
def test_objects_inside_structures_are_unsafe_too(descr: str) -> None:
    with pytest.raises(ObjectsError):
        read(with_header(f"{{'descr': {descr}, 'fortran_order': False, 'shape': (1,)}}", bytes(8)))


def test_a_field_may_be_called_as_objects_are() -> None:
    with pytest.raises(NotNumericError):
        read(npy(np.zeros(2, [("O", "<f4")])))


@pytest.mark.parametrize(
    "values",
    [np.array(["a"]), np.array([b"a"]), np.array(["2024-01-01"], "M8[D]"), np.zeros(2, "V2"), np.zeros(2, "i4,f4")],
    ids=["text", "bytes", "dates", "raw", "structures"],
)
def test_elements_that_are_no_numbers_are_told_apart(values: Any) -> None:
    with pytest.raises(NotNumericError, match="not numbers"):
        read(npy(values))


def test_a_structure_whose_fields_have_names_beyond_latin_1_is_no_array_of_numbers() -> None:
    with pytest.warns(UserWarning, match="format 3"):
        content = npy(np.zeros(2, [("\N{SNOWMAN}", "<f4")]))
    with pytest.raises(NotNumericError, match="not numbers"):
        read(content)


def test_a_claim_of_gigabytes_is_refused_by_the_size_of_the_file() -> None:
    content = with_header("{'descr': '<f8', 'fortran_order': False, 'shape': (65536, 65536)}")
    with pytest.raises(EOFError, match="speaks of 34359738368 bytes"):
        read(content)


@pytest.mark.parametrize("change", [b"\0", None])
def test_bytes_too_many_or_too_few_are_refused(change: bytes | None) -> None:
    content = npy(np.arange(4))
    with pytest.raises(ValueError if change else EOFError, match="bytes"):
        read(content + change if change else content[:-1])


@pytest.mark.parametrize(
    "content",
    [
        b"\x93NUMPX\1\0\0\0",
        b"\x93NUMPY\1\0\xff\xff",
        b"\x93NUMPY\2\0\xff\xff\xff\xff",
        with_header("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}"),
        with_header("{'descr': '<f4', 'fortran_order': False, 'shape': [1]}", bytes(4)),
        with_header("{'descr': '<f4', 'fortran_order': 1, 'shape': (1,)}", bytes(4)),
        with_header("{'descr': '<f4', 'shape': (1,)}", bytes(4)),
        with_header("__import__('os').system('true')", bytes(4)),
        with_header("(" * 9000, bytes(4)),
        with_header("-" * 9000 + "1", bytes(4)),
        with_header("{'descr': '<f4', 'fortran_order': False, 'shape': (" + "1," * 65 + ")}", bytes(4)),
        with_header("{'descr': '<f3', 'fortran_order': False, 'shape': (1,)}", bytes(3)),
        with_header("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'more': 1}", bytes(4)),
        with_header("{'descr': '<f4', 'fortran_order': False, 'shape': (1if 1else 1,)}", bytes(4)),
        with_header("{}", bytes(4), b"\x09\0"),
        with_header("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", bytes(4)),
        with_header("{'descr': '<f4', 'fortran_order': False, 'shape': (1)}", bytes(4)),
        with_header("{'descr': '<f4', 'fortran_order': False, 'shape': 'x'}", bytes(4)),
        with_header("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)" + " " * 16_000, bytes(4)),
    ],
)
def test_a_header_that_breaks_the_rules_is_refused(content: bytes) -> None:
    with pytest.raises((ValueError, TypeError)):
        read(content)


@pytest.mark.parametrize("kept", [0, 3, 6, 8, 9, 40, 127])
def test_a_file_that_ends_within_its_header_is_refused(kept: int) -> None:
    with pytest.raises((ValueError, EOFError, IndexError)):
        read(npy(np.arange(4))[:kept])


@pytest.mark.parametrize("length", [6, 7, 9, 10, 60])
def test_a_file_that_ends_within_its_header_is_told_so(length: int) -> None:
    whole = with_header("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", bytes(8))
    with pytest.raises(EOFError, match=f"ends within its header, at byte {length}"):
        read(whole[:length])

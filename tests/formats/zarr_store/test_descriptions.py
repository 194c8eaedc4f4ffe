from __future__ import annotations

import json
from typing import Any

import pytest

from bncli.formats.zarr_store.descriptions import UnreadZarrError, ZarrDescription, read_description

VERSION_2 = {"zarr_format": 2, "shape": [5, 4], "chunks": [2, 4], "dtype": "<f4"}
VERSION_3 = {
    "zarr_format": 3,
    "node_type": "array",
    "shape": [5, 4],
    "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [2, 4]}},
    "data_type": "float32",
}


def read(entry: Any) -> ZarrDescription:
    description = read_description(json.dumps(entry).encode())
    assert description is not None
    return description


@pytest.mark.parametrize("entry", [VERSION_2, VERSION_3])
def test_both_versions_tell_shape_type_and_chunks(entry: dict[str, Any]) -> None:
    description = read(entry)
    assert (description.shape, description.chunk_shape, description.element.name) == ((5, 4), (2, 4), "float32")
    assert (description.num_bytes, description.num_chunks) == (80, 3)


@pytest.mark.parametrize(
    ("dtype", "name"),
    [("<f4", "float32"), (">i8", "int64"), ("|b1", "bool"), ("<f2", "float16"), ("bfloat16", "bfloat16")],
)
def test_types_are_named_as_numpy_names_them(dtype: str, name: str) -> None:
    assert read(VERSION_2 | {"dtype": dtype}).element.name == name


@pytest.mark.parametrize("dtype", ["<U8", "|V4", "<M8[s]", "int4", [["a", "<f4"]], None, 7, "<f99"])
def test_other_types_are_told(dtype: Any) -> None:
    with pytest.raises((UnreadZarrError, TypeError), match="type"):
        read(VERSION_2 | {"dtype": dtype})


def test_a_group_is_no_array() -> None:
    assert read_description(b'{"zarr_format": 3, "node_type": "group"}') is None


@pytest.mark.parametrize(
    "changed",
    [
        {"shape": None},
        {"shape": [-1, 4]},
        {"shape": [True, 4]},
        {"shape": [5]},
        {"shape": [1] * 65, "chunks": [1] * 65},
        {"chunks": [0, 4]},
        {"chunks": "2"},
        {"zarr_format": 3},
    ],
)
def test_a_description_that_contradicts_itself_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="lengths of axes|in chunks of"):
        read(VERSION_2 | changed)


@pytest.mark.parametrize("text", [b"", b"[]", b"7", b"{", b"\xff"])
def test_what_is_no_map_of_json_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_description(text)


def test_an_array_that_claims_far_more_than_is_stored_is_not_read() -> None:
    huge = read(VERSION_2 | {"shape": [2**20, 2**10], "chunks": [2**10, 2**10]})
    huge.require_plausible(num_stored_chunks=huge.num_chunks)
    with pytest.raises(ValueError, match="in 5 chunks of 1024"):
        huge.require_plausible(num_stored_chunks=5)
    one_chunk = read(VERSION_2 | {"shape": [1, 1], "chunks": [2**20, 2**20]})
    with pytest.raises(ValueError, match="4398046511104 bytes are claimed"):
        one_chunk.require_plausible(num_stored_chunks=1)

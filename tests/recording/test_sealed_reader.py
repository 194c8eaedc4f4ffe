from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from bncli.errors import InputNotFound, MalformedFile, UnsupportedFormat
from bncli.recording.sealed_reader import SealedReader
from bncli.recording.sealing import write_sealed
from bncli.recording.spool_reader import SpoolReader
from tests.helpers.spools import write_spool

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with SpoolReader(write_spool(tmp_path / "r.part")) as spool, (tmp_path / "r").open("wb") as file:
        write_sealed(spool, file)
    return tmp_path / "r"


def changed(path: Path, change: Callable[[dict[str, Any], dict[str, str]], None]) -> None:
    arrays = load_file(path)
    with safe_open(path, framework="np") as file:
        metadata = file.metadata()
    change(arrays, metadata)
    save_file(arrays, path, metadata)


def test_a_safetensors_file_that_is_no_recording_is_told_from_one(tmp_path: Path) -> None:
    save_file({"x": np.zeros(2)}, tmp_path / "x")
    with pytest.raises(UnsupportedFormat, match="a safetensors file, but no recording"):
        SealedReader(tmp_path / "x")


def test_bytes_that_are_no_safetensors_file_are_malformed(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"12345678{")
    with pytest.raises(MalformedFile, match="x: broken as a recording"):
        SealedReader(tmp_path / "x")


def test_another_version_is_refused(path: Path) -> None:
    changed(path, lambda _, metadata: metadata.update(bncli_recording="2"))
    with pytest.raises(UnsupportedFormat, match="a recording of version 2; this bncli reads 1"):
        SealedReader(path)


def test_an_array_that_is_missing_is_named(path: Path) -> None:
    changed(path, lambda arrays, _: arrays.__delitem__("a.batch_mean"))
    with SealedReader(path) as recording, pytest.raises(MalformedFile, match="it lacks a.batch_mean"):
        recording.layer("a")


def test_an_array_of_another_shape_is_named(path: Path) -> None:
    changed(path, lambda arrays, _: arrays.update({"a.batch_mean": np.zeros((3, 5))}))
    with SealedReader(path) as recording, pytest.raises(MalformedFile, match=r"a.batch_mean has shape \[3, 5\]"):
        recording.layer("a")


def test_numbers_of_rows_that_differ_are_refused(path: Path) -> None:
    changed(path, lambda arrays, _: arrays.update({"a.num_values": np.zeros(7, np.int64)}))
    with SealedReader(path) as recording, pytest.raises(MalformedFile, match="layer a differ in their number of rows"):
        recording.layer("a")


def test_metadata_that_lacks_something_is_malformed(path: Path) -> None:
    def without_eps(_: dict[str, Any], metadata: dict[str, str]) -> None:
        layers = json.loads(metadata["layers"])
        del layers[0]["eps"]
        metadata["layers"] = json.dumps(layers)

    changed(path, without_eps)
    with pytest.raises(MalformedFile, match="it lacks eps"):
        SealedReader(path)


@pytest.mark.parametrize(
    ("key", "value", "fault"),
    [
        ("layers", "{}", "has no layer|no layer"),
        ("layers", "[1]", "the description of a layer is no table"),
        ("layers", "[" * 100_000, "recursion depth"),
        ("layers", "[" + "9" * 5000 + "]", "integer string conversion"),
        ("layers", "null", "not iterable"),
        ("provenance", "[]", "its provenance is no table"),
        ("num_steps", "-1", "num_steps is no whole number"),
        ("num_steps", "many", "invalid literal"),
    ],
)
def test_metadata_of_another_kind_are_malformed(path: Path, key: str, value: str, fault: str) -> None:
    changed(path, lambda _, metadata: metadata.update({key: value}))
    with pytest.raises((MalformedFile, InputNotFound), match=fault), SealedReader(path) as recording:
        recording.layer("a")


def test_layers_of_one_name_are_refused(path: Path) -> None:
    def twice(_: dict[str, Any], metadata: dict[str, str]) -> None:
        metadata["layers"] = json.dumps(2 * json.loads(metadata["layers"]))

    changed(path, twice)
    with pytest.raises(MalformedFile, match="two of its layers have the same name"):
        SealedReader(path)


@pytest.mark.parametrize("dtype", ["complex64", "float16", "int64"])
def test_an_array_of_another_type_is_named(path: Path, dtype: str) -> None:
    changed(path, lambda arrays, _: arrays.update({"a.batch_mean": np.ones((3, 2), dtype)}))
    with SealedReader(path) as recording, pytest.raises(MalformedFile, match=f"a.batch_mean is of {dtype}"):
        recording.layer("a")


def test_rows_that_no_batch_gives_are_refused(path: Path) -> None:
    changed(path, lambda arrays, _: arrays.update({"a.batch_biased_var": np.full((3, 2), -1.0)}))
    with SealedReader(path) as recording, pytest.raises(MalformedFile, match="r: .* a variance is negative"):
        recording.layer("a")


def test_a_counter_that_is_no_number_is_refused(path: Path) -> None:
    def with_words(_: dict[str, Any], metadata: dict[str, str]) -> None:
        metadata["layers"] = metadata["layers"].replace(
            '"num_batches_tracked_start": 4', '"num_batches_tracked_start": "4"'
        )

    changed(path, with_words)
    with SealedReader(path) as recording, pytest.raises(MalformedFile, match="num_batches_tracked_start is no number"):
        recording.layer("a")


def test_a_file_that_is_cut_off_while_it_is_read_is_an_error_and_no_signal(path: Path) -> None:
    with SealedReader(path) as recording:
        os.truncate(path, 2000)
        with pytest.raises(MalformedFile, match="r: broken as a recording"):
            list(recording.layers())


def test_cut_anywhere_it_is_refused(path: Path) -> None:
    content = path.read_bytes()
    for length in range(len(content)):
        path.write_bytes(content[:length])
        with pytest.raises(MalformedFile):
            SealedReader(path)

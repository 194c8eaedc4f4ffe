from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from bncli.errors import MalformedFile, UnsupportedFormat
from bncli.recording.sealed_reader import SealedReader
from bncli.recording.sealing import seal
from bncli.recording.spool_reader import SpoolReader
from tests.helpers.spools import write_spool

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with SpoolReader(write_spool(tmp_path / "r.part")) as spool:
        seal(spool, tmp_path / "r")
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
    with SealedReader(path) as recording, pytest.raises(MalformedFile, match="eps"):
        recording.layer("a")

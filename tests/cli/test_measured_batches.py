"""Tests of the batches of files."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from bncli.cli.batch_options import BatchOptions
from bncli.cli.measured_batches import measured_batches
from bncli.errors import InputNotFound, ShapeMismatch

if TYPE_CHECKING:
    from pathlib import Path

VALUES = np.random.default_rng(0).normal(2, 3, (12, 3, 4))


def saved(path: Path, values: np.ndarray[Any, Any]) -> Path:
    np.save(path, values)
    return path


def test_files_are_batches_in_their_order(tmp_path: Path) -> None:
    paths = [saved(tmp_path / "b.npy", VALUES[:8]), saved(tmp_path / "a.npy", VALUES[8:])]
    source, origin = measured_batches(BatchOptions(paths=paths))
    assert source.batches.num_values.tolist() == [32, 16]
    np.testing.assert_allclose(source.batches.mean[1], VALUES[8:].mean(axis=(0, 2)))
    assert origin.num_batches == 2
    assert origin.details["paths"] == [str(path) for path in paths]
    assert origin.text == f"2 of 16 to 32 values per channel, from {paths[0]} and 1 more"


def test_a_file_is_cut_into_batches(tmp_path: Path) -> None:
    source, origin = measured_batches(BatchOptions(paths=[saved(tmp_path / "x.npy", VALUES)], batch_size=4))
    np.testing.assert_allclose(source.batches.var[2], VALUES[8:].var(axis=(0, 2), ddof=1))
    assert origin.text == f"3 of 16 values per channel, from {tmp_path / 'x.npy'}"


@pytest.mark.parametrize("dtype", ["uint8", "int64", "float16", "float32", "float64"])
def test_every_kind_of_number_is_measured(tmp_path: Path, dtype: str) -> None:
    values = np.arange(24).reshape(8, 3).astype(dtype)
    source, _ = measured_batches(BatchOptions(paths=[saved(tmp_path / "x.npy", values)]))
    np.testing.assert_allclose(source.batches.var[0], np.arange(24.0).reshape(8, 3).var(axis=0, ddof=1))


def test_an_array_is_chosen_by_name(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    save_file({"a": np.zeros((4, 2), "f4"), "b": np.ones((4, 5), "f4")}, path)
    source, _ = measured_batches(BatchOptions(paths=[path], array="b"))
    assert source.num_features == 5
    with pytest.raises(InputNotFound, match="holds 2 arrays"):
        measured_batches(BatchOptions(paths=[path]))


def test_files_of_different_layers_are_refused(tmp_path: Path) -> None:
    paths = [saved(tmp_path / "a.npy", np.zeros((4, 2))), saved(tmp_path / "b.npy", np.zeros((4, 3)))]
    with pytest.raises(ShapeMismatch, match=r"b\.npy has 3 channels"):
        measured_batches(BatchOptions(paths=paths))


def test_channels_may_lie_last(tmp_path: Path) -> None:
    path = saved(tmp_path / "x.npy", np.ascontiguousarray(VALUES.transpose(0, 2, 1)))
    source, _ = measured_batches(BatchOptions(paths=[path], channel_axis=-1))
    np.testing.assert_allclose(source.batches.mean[0], VALUES.mean(axis=(0, 2)))


def test_memory_does_not_grow_with_the_number_of_batches(tmp_path: Path) -> None:
    peaks = []
    for num_batches in (8, 8, 128):  # the first run imports, and fills what is kept
        path = saved(tmp_path / "x.npy", np.zeros((num_batches * 32, 8, 16, 16), np.float32))
        tracemalloc.start()
        measured_batches(BatchOptions(paths=[path], batch_size=32))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    num_bytes = path.stat().st_size
    assert peaks[2] - peaks[1] < num_bytes / 500
    assert peaks[2] < num_bytes / 50

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from bncli.core.named_arrays import Skipped
from bncli.errors import MalformedFile
from bncli.formats.numpy_archive import open_numpy_archive, recognizes
from bncli.formats.probe import probe_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

STATE = {
    "bn.running_mean": np.arange(5, dtype=np.float32),
    "layer/weight": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "big": np.arange(4, dtype=">i4"),
    "scalar": np.array(3),
}


class Unpickled:
    """An object that fails the test when it is made from its pickle."""

    def __reduce__(self) -> tuple[Any, ...]:
        return pytest.fail, ("was unpickled",)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.npz"


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_every_array_comes_back_under_its_own_name(path: Path, save: Callable[..., None]) -> None:
    save(path, **STATE)
    assert recognizes(probe_file(path))
    with open_numpy_archive(path) as arrays:
        assert list(arrays.specs) == list(STATE)
        for name, values in STATE.items():
            np.testing.assert_array_equal(arrays.read(name), values)
            assert arrays.read(name).dtype.isnative


def test_a_stored_array_costs_its_own_bytes_and_no_others(path: Path) -> None:
    np.savez(path, big=np.zeros(10**6), small=np.zeros(4))
    with open_numpy_archive(path) as arrays:
        opened = arrays.bytes_read
        assert opened < 2000
        arrays.read("small")
        arrays.read_flat("big", 10, 14)
        assert arrays.bytes_read - opened == 64


def test_deflated_arrays_of_an_archive_cost_little_until_they_are_read(path: Path) -> None:
    rng = np.random.default_rng(0)
    np.savez_compressed(path, **{f"a{i}": rng.normal(size=20_000) for i in range(10)})
    with open_numpy_archive(path) as arrays:
        assert arrays.bytes_read < path.stat().st_size / 50


def test_a_deflated_array_read_block_by_block_is_inflated_once(path: Path) -> None:
    values = np.random.default_rng(0).normal(size=100_000)
    np.savez_compressed(path, values=values)
    with open_numpy_archive(path) as arrays:
        blocks = [arrays.read_flat("values", start, start + 10_000) for start in range(0, 100_000, 10_000)]
        np.testing.assert_array_equal(np.concatenate(blocks), values)
        assert arrays.bytes_read < 1.05 * path.stat().st_size


def test_python_objects_are_listed_as_skipped_and_never_unpickled(path: Path) -> None:
    np.savez(path, numbers=np.arange(3), objects=np.array([Unpickled()]))
    with open_numpy_archive(path) as arrays:
        np.testing.assert_array_equal(arrays.read("numbers"), np.arange(3))
        reason = "holds Python objects, and reading those can run any program"
        assert arrays.skipped == (Skipped("objects", reason),)


def test_text_is_listed_as_skipped(path: Path) -> None:
    np.savez(path, numbers=np.arange(3), words=np.array(["a"]))
    with open_numpy_archive(path) as arrays:
        assert list(arrays.specs) == ["numbers"]
        assert arrays.skipped == (Skipped("words", "its elements are '<U1', not numbers"),)


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("change", [lambda content: content + b"\0", lambda content: content[:-1]])
def test_a_member_longer_or_shorter_than_its_header_says_is_refused(
    path: Path, compression: int, change: Callable[[bytes], bytes]
) -> None:
    np.savez(path, values=np.arange(4))
    with zipfile.ZipFile(path) as archive:
        content = archive.read("values.npy")
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("values.npy", change(content))
    with pytest.raises(MalformedFile, match=r"x\.npz: broken as an \.npz file"):
        open_numpy_archive(path)


@pytest.mark.parametrize(
    ("names", "recognized"), [(["a.npy"], True), (["a.npy", "b.txt"], False), ([], False), (["a"], False)]
)
def test_an_archive_of_arrays_holds_nothing_else(path: Path, names: list[str], *, recognized: bool) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, b"")
    assert recognizes(probe_file(path)) is recognized


def test_a_claim_of_gigabytes_is_refused_before_anything_is_allocated(path: Path) -> None:
    text = b"{'descr': '<f8', 'fortran_order': False, 'shape': (65536, 65536)}"
    header: Any = b"\x93NUMPY\1\0" + len(text).to_bytes(2, "little") + text
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", header)
    with pytest.raises(MalformedFile, match="speaks of 34359738368 bytes"):
        open_numpy_archive(path)

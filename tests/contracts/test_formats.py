from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bncli.errors import BncliError, InputNotFound
from bncli.formats.detection import open_named_arrays
from tests.helpers.format_files import WRITERS, files_below

if TYPE_CHECKING:
    from tests.helpers.format_files import Arrays

OPEN_FILES = Path("/proc/self/fd")
BLOCK = 7


@pytest.fixture(params=WRITERS)
def format_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "file"


@pytest.fixture
def written(path: Path, format_name: str) -> Arrays:
    return WRITERS[format_name](path)


def test_the_file_is_described_as_it_is(path: Path, format_name: str, written: Arrays) -> None:
    with open_named_arrays(path) as arrays:
        assert arrays.format == format_name
        assert arrays.path == path
        assert arrays.size_bytes == sum(file.stat().st_size for file in files_below(path.parent))
        assert set(arrays.specs) == set(written)
        assert (dict(arrays.aliases), arrays.skipped) == ({}, ())


def test_name_shape_and_type_are_known_before_any_array_is_read(path: Path, written: Arrays) -> None:
    with open_named_arrays(path) as arrays:
        specs = {name: arrays.specs[name] for name in written}
        opened = arrays.bytes_read
        for name, values in written.items():
            spec = specs[name]
            assert (spec.name, spec.shape, spec.dtype) == (name, values.shape, values.dtype.name)
            assert arrays.specs[name] == spec
        assert arrays.bytes_read == opened


def test_an_array_comes_back_whole_in_native_order_and_may_be_changed(path: Path, written: Arrays) -> None:
    with open_named_arrays(path) as arrays:
        for name, values in written.items():
            read = arrays.read(name)
            np.testing.assert_array_equal(read, values, strict=True)
            assert read.flags.c_contiguous
            assert read.flags.writeable
            assert read.dtype.isnative


def test_an_array_read_in_blocks_is_the_same_array(path: Path, written: Arrays) -> None:
    with open_named_arrays(path) as arrays:
        for name, values in written.items():
            flat = [arrays.read_flat(name, at, min(at + BLOCK, values.size)) for at in range(0, values.size, BLOCK)]
            np.testing.assert_array_equal(np.concatenate(flat), values.reshape(-1), strict=True)
            assert arrays.read_flat(name, values.size, values.size).shape == (0,)


def test_every_byte_is_counted_once_it_is_read(path: Path, written: Arrays) -> None:
    with open_named_arrays(path) as arrays:
        count = arrays.bytes_read
        # A directory or a header may be read twice.
        assert 0 < count <= 2 * arrays.size_bytes + 1024
        for name in written:
            arrays.read(name)
            assert arrays.bytes_read >= count
            count = arrays.bytes_read
        assert count >= sum(values.nbytes for values in written.values())


def test_many_arrays_are_read_in_the_order_in_which_they_lie(path: Path, written: Arrays) -> None:
    with open_named_arrays(path) as arrays:
        names = sorted(written)
        read = arrays.read_many(names)
        assert set(read) == set(names)
        positions = [arrays.position(name) for name in read]
        assert positions == sorted(positions)
        assert all(0 <= position <= arrays.size_bytes for position in positions)


def open_below(folder: Path) -> list[Path]:
    """Return the files in a folder that this process has open; others come and go with the threads of libraries."""
    targets = []
    for descriptor in OPEN_FILES.iterdir():
        with suppress(FileNotFoundError):
            targets.append(descriptor.readlink())
    return [target for target in targets if target.is_relative_to(folder)]


@pytest.mark.skipif(not OPEN_FILES.is_dir(), reason="this system does not list open files")
@pytest.mark.usefixtures("written")
def test_leaving_the_context_closes_the_file_and_closing_twice_does_no_harm(path: Path, format_name: str) -> None:
    with open_named_arrays(path) as arrays:
        arrays.read_many(arrays.specs)
        # tensorstore opens a file for each read, and keeps none open.
        assert open_below(path.parent) or format_name == "orbax"
    deadline = time.monotonic() + 30
    while open_below(path.parent) and time.monotonic() < deadline:
        time.sleep(0.01)  # tensorstore closes on threads of its own
    assert not open_below(path.parent)
    arrays.close()


def test_the_file_is_left_as_it_was(path: Path, written: Arrays) -> None:
    before = [(file, file.read_bytes(), file.stat().st_mtime_ns) for file in files_below(path.parent)]
    with open_named_arrays(path) as arrays:
        arrays.read_many(written)
    assert [(file, file.read_bytes(), file.stat().st_mtime_ns) for file in files_below(path.parent)] == before


@pytest.mark.usefixtures("written")
def test_a_name_that_is_not_there_is_an_error_for_the_user(path: Path) -> None:
    with open_named_arrays(path) as arrays:
        for ask in (arrays.read, arrays.position, lambda name: arrays.read_flat(name, 0, 0)):
            with pytest.raises(InputNotFound, match="no array 'missing'"):
                ask("missing")


def test_a_file_cut_short_after_it_was_opened_is_an_error_that_names_the_array(path: Path, written: Arrays) -> None:
    with open_named_arrays(path) as arrays:
        last = max(written, key=arrays.position)
        if arrays.bytes_read >= arrays.size_bytes:
            pytest.skip("this format is read whole")
        others = [file for file in files_below(path.parent) if file != path]
        os.truncate(path if not others else others[-1], arrays.position(last) if not others else 1)
        with pytest.raises(BncliError, match=last):
            arrays.read(last)


@pytest.mark.parametrize("fraction", [0.1, 0.5, 0.97])
def test_a_file_that_was_cut_off_is_an_error_that_says_so(
    path: Path, format_name: str, written: Arrays, fraction: float
) -> None:
    if format_name == "orbax":
        pytest.skip("its library inflates the arrays, and does not tell why it cannot")
    largest = max(files_below(path.parent), key=lambda file: file.stat().st_size)
    os.truncate(largest, int(fraction * largest.stat().st_size))

    def read_all() -> None:
        with open_named_arrays(path) as arrays:
            arrays.read_many(written)

    with pytest.raises(BncliError) as caught:
        read_all()
    assert "cut off" in (caught.value.hint or "")

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import h5py
import numpy as np
import pytest

from bncli.errors import MissingDependency
from bncli.formats.byte_source import ByteSource
from bncli.formats.hdf5.opened_hdf5 import OpenedHdf5
from bncli.formats.regions import FileRegion

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def source(tmp_path: Path) -> Iterator[ByteSource]:
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        file["a"] = np.ones(4)
    opened = ByteSource(path)
    yield opened
    opened.close()


def test_h5py_reads_through_the_source_and_every_byte_is_counted(source: ByteSource) -> None:
    opened = OpenedHdf5(source, FileRegion(source, 0, source.size))
    assert list(opened.root) == ["a"]
    assert (opened.path, opened.size) == (source.path, source.size)
    assert opened.bytes_read == source.bytes_read > 0
    opened.close()
    assert not opened.root


def test_without_h5py_one_line_says_what_to_install(source: ByteSource, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(MissingDependency, match=r"x\.h5: .*h5py") as caught:
        OpenedHdf5(source, FileRegion(source, 0, source.size))
    assert caught.value.hint == "pip install 'bncli[keras]'"

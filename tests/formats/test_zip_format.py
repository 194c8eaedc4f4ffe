from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from bncli.errors import MalformedFile
from bncli.formats import zip_directory
from bncli.formats.numpy_archive import FORMAT
from bncli.formats.probe import probe_file

if TYPE_CHECKING:
    from pathlib import Path

MEAN = np.arange(3, dtype=np.float32)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    np.savez(tmp_path / "x.npz", mean=MEAN)
    return tmp_path / "x.npz"


def test_a_directory_that_the_first_look_parsed_is_not_parsed_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    probe = probe_file(path)
    assert FORMAT.recognizes(probe)
    monkeypatch.delattr(zip_directory, "ZipEntry")
    with FORMAT.open_probed(probe) as arrays:
        np.testing.assert_array_equal(arrays.read("mean"), MEAN)
    with pytest.raises(NameError):
        FORMAT.open(path)


def test_as_much_is_counted_as_read_as_without_the_first_look(path: Path) -> None:
    with FORMAT.open_probed(probe_file(path)) as arrays, FORMAT.open(path) as afresh:
        assert arrays.bytes_read == afresh.bytes_read > 0


def test_a_file_that_was_replaced_after_the_first_look_is_opened_as_it_is_now(path: Path) -> None:
    probe = probe_file(path)
    assert probe.zip_names == ("mean.npy",)
    np.savez(path, var=MEAN + 1, more=MEAN)
    with FORMAT.open_probed(probe) as arrays:
        assert list(arrays.specs) == ["var", "more"]
        np.testing.assert_array_equal(arrays.read("var"), MEAN + 1)


def test_a_file_that_became_ambiguous_after_the_first_look_is_refused(path: Path) -> None:
    np.savez(path, first=MEAN, other=MEAN)
    probe = probe_file(path)
    assert len(probe.zip_names) == 2
    path.write_bytes(path.read_bytes().replace(b"other", b"first"))
    with pytest.raises(MalformedFile, match="same name"):
        FORMAT.open_probed(probe)

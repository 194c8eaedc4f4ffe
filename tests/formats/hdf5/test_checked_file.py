from __future__ import annotations

import io

import h5py
import pytest

from bncli.formats.hdf5.checked_file import CheckedFile
from bncli.formats.regions import MemoryRegion


def written(**options: str) -> bytes:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w", **options) as file:
        file["vars/0"] = [1.0]
        file.attrs["text"] = "abc"
    return buffer.getvalue()


@pytest.mark.parametrize("version", ["earliest", "latest"])
def test_the_library_reads_a_sound_file_through_it(version: str) -> None:
    with h5py.File(CheckedFile(MemoryRegion(written(libver=version))), "r") as file:
        assert file["vars/0"][0] == 1.0
        assert file.attrs["text"] == "abc"


@pytest.mark.parametrize("signature", [b"GCOL", b"HEAP"])
def test_bytes_are_read_as_from_any_file_unless_a_broken_heap_begins_there(signature: bytes) -> None:
    content = written()
    at = content.rindex(signature)
    file = CheckedFile(MemoryRegion(content[: at + 8] + b"\xff" * 16 + content[at + 24 :]))
    assert file.read(4) == content[:4]
    file.seek(at)
    with pytest.raises(ValueError, match="a heap of"):
        file.read(16)


@pytest.mark.parametrize(("version", "at"), [("earliest", 13), ("earliest", 14), ("latest", 9), ("latest", 10)])
def test_other_widths_of_addresses_and_lengths_are_refused(version: str, at: int) -> None:
    content = written(libver=version)
    with pytest.raises(ValueError, match="addresses and lengths of"):
        CheckedFile(MemoryRegion(content[:at] + b"\x04" + content[at + 1 :]))


@pytest.mark.parametrize("content", [b"", written()[:15], b"PK\3\4" + written()[4:]])
def test_what_does_not_begin_as_the_format_does_is_refused_by_that(content: bytes) -> None:
    with pytest.raises(ValueError, match="does not begin as an HDF5 file does"):
        CheckedFile(MemoryRegion(content))

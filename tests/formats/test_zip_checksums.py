from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import pytest
import torch

from bncli.formats.byte_source import ByteSource
from bncli.formats.regions import FileRegion
from bncli.formats.zip_archive import ZipArchive
from bncli.formats.zip_checksums import checksum_patches

if TYPE_CHECKING:
    from pathlib import Path


def patched(path: Path, member: str, content: bytes) -> Path:
    """Replace the last bytes of a member, and put the checksums right."""
    source = ByteSource(path)
    archive = ZipArchive(FileRegion(source, 0, source.size))
    region = archive.region(member)
    replacement = (region.position + region.size - len(content), content)
    patches = checksum_patches(archive, [replacement])
    source.close()
    whole = bytearray(path.read_bytes())
    for offset, new in [replacement, *patches]:
        whole[offset : offset + len(new)] = new
    path.write_bytes(whole)
    return path


@pytest.mark.parametrize("is_streamed", [False, True])
def test_a_zip_is_whole_again_with_checksums_before_or_behind_its_members(is_streamed: bool, tmp_path: Path) -> None:
    class Stream:
        """A file that cannot be sought in, so that checksums stand behind the members."""

        def __init__(self, path: Path) -> None:
            self._file = path.open("wb")
            self.write, self.flush, self.close = self._file.write, self._file.flush, self._file.close

    path = tmp_path / "a.zip"
    target = Stream(path) if is_streamed else path.open("wb")
    with zipfile.ZipFile(target, "w") as archive:  # type: ignore[arg-type]
        archive.writestr("first", b"0123456789")
        archive.writestr("second", b"abcdefghij")
    target.close()
    patched(path, "first", b"XYZ")
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert archive.read("first") == b"0123456XYZ"
        assert archive.read("second") == b"abcdefghij"


def test_what_torch_saves_is_whole_again(tmp_path: Path) -> None:
    torch.save({"x": torch.zeros(4)}, tmp_path / "a.pt")
    patched(tmp_path / "a.pt", "a/data/0", torch.tensor([5.0]).numpy().tobytes())
    with zipfile.ZipFile(tmp_path / "a.pt") as archive:
        assert archive.testzip() is None
    assert torch.load(tmp_path / "a.pt")["x"].tolist() == [0, 0, 0, 5]


def test_an_archive_without_checksums_stays_without(tmp_path: Path) -> None:
    torch.serialization.set_crc32_options(compute_crc32=False)
    try:
        torch.save({"x": torch.zeros(4)}, tmp_path / "a.pt")
    finally:
        torch.serialization.set_crc32_options(compute_crc32=True)
    before = (tmp_path / "a.pt").read_bytes()
    after = patched(tmp_path / "a.pt", "a/data/0", b"\1").read_bytes()
    assert sum(old != new for old, new in zip(before, after, strict=True)) == 1
    assert torch.load(tmp_path / "a.pt")["x"][3] > 0

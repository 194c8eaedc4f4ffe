from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
import torch

from bncli.formats.pickled_objects.torch_storages import Storage
from bncli.formats.regions import MemoryRegion
from bncli.formats.torch_archive import pickle_names, read_torch_archive
from bncli.formats.zip_archive import ZipArchive
from tests.helpers.hostile_files import dictionary, tensor, write_torch_zip

if TYPE_CHECKING:
    from pathlib import Path


def test_an_archive_inside_of_other_bytes_is_read_like_a_file() -> None:
    buffer = io.BytesIO()
    torch.save({"a": torch.arange(3.0)}, buffer)
    saved = read_torch_archive(ZipArchive(MemoryRegion(buffer.getvalue())), "owner")
    assert list(saved.objects) == ["a"]
    assert saved.byte_order == "<"
    assert "torch.FloatStorage" in saved.named_globals
    region = saved.storage_region(Storage("0", "float32", 3, 4))
    assert bytes(region.read(0, 12)) == torch.arange(3.0).numpy().tobytes()


def test_a_storage_must_have_the_bytes_that_the_pickle_says(tmp_path: Path) -> None:
    content = write_torch_zip(tmp_path / "a.pt", dictionary(a=tensor())).read_bytes()
    saved = read_torch_archive(ZipArchive(MemoryRegion(content)), "owner")
    with pytest.raises(ValueError, match="a storage of 20 bytes of which 16 are there"):
        saved.storage_region(Storage("0", "float32", 5, 4))
    with pytest.raises(LookupError, match="archive/data/9"):
        saved.storage_region(Storage("9", "float32", 5, 4))


def test_the_pickle_is_at_the_top_or_one_folder_below() -> None:
    names = ["data.pkl", "a/data.pkl", "a/b/data.pkl", "xdata.pkl", "data.pkl/x"]
    assert pickle_names(names) == ["data.pkl", "a/data.pkl"]

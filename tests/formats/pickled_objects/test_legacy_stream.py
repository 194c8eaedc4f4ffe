from __future__ import annotations

import io

import pytest
import torch

from bncli.formats.pickled_objects.legacy_stream import MAGIC, read_legacy_stream
from bncli.formats.pickles.errors import BrokenPickle
from bncli.formats.regions import MemoryRegion, SubRegion


def stream_of(*tensors: torch.Tensor) -> bytes:
    saved = io.BytesIO()
    torch.save(list(tensors), saved, _use_new_zipfile_serialization=False)
    return saved.getvalue()


def test_each_storage_is_found_with_its_bytes_wherever_the_stream_stands() -> None:
    tensors = torch.arange(6.0), torch.arange(3, dtype=torch.int64)
    content = stream_of(*tensors)
    surrounded = SubRegion(MemoryRegion(b"before" + content + b"after"), len(b"before"), len(content))
    regions = read_legacy_stream(surrounded, "x").regions.values()
    stored = {bytes(region.read(0, region.size)) for region in regions}
    assert stored == {tensor.numpy().tobytes() for tensor in tensors}


def test_the_pickles_name_the_classes_of_the_storages() -> None:
    stream = read_legacy_stream(MemoryRegion(stream_of(torch.ones(2))), "x")
    assert "torch.FloatStorage" in stream.named_globals


def test_pickles_longer_than_allowed_are_refused() -> None:
    content = MemoryRegion(stream_of(*(torch.ones(1) for _ in range(100))))
    read_legacy_stream(content, "x")
    with pytest.raises(BrokenPickle):
        read_legacy_stream(content, "x", max_pickle_bytes=1024)


def test_a_stream_begins_with_the_magic_number() -> None:
    content = stream_of(torch.ones(1))
    number = MAGIC.to_bytes(10, "little")
    assert number in content[:20]
    with pytest.raises(BrokenPickle, match="magic"):
        read_legacy_stream(MemoryRegion(content.replace(number, bytes(10), 1)), "x")

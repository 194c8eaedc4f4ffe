from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from bncli.errors import MalformedFile
from bncli.formats.distributed_checkpoint import open_distributed_checkpoint
from tests.helpers.distributed_checkpoints import DistributedCheckpoint, spoil, with_chunks

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def checkpoint(tmp_path: Path) -> DistributedCheckpoint:
    return DistributedCheckpoint(tmp_path / "step-100")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param(with_chunks((0, 2), (1, 2)), "overlaps", id="overlap"),
        pytest.param(with_chunks((0, 2), (2, 2)), r"saved as float32 of shape \[4\]", id="one slice for two chunks"),
        pytest.param(spoil(length=100), "zip directory", id="slice cut short"),
        pytest.param(spoil(offset=2**60), "asked of", id="slice beyond the file"),
        pytest.param(spoil(offset=1), "zip", id="slice shifted"),
        pytest.param(
            lambda checkpoint: setattr(checkpoint.metadata.state_dict_metadata["a"].properties, "dtype", torch.float64),
            "the metadata say float64",
            id="other dtype",
        ),
    ],
)
def test_a_chunk_that_is_not_what_the_metadata_say_is_refused_when_it_is_read(
    checkpoint: DistributedCheckpoint, change: Callable[[DistributedCheckpoint], None], message: str
) -> None:
    checkpoint.add("a", torch.ones(4))
    if message == "overlaps":
        checkpoint.files["__0_0.distcp"] = b""
        checkpoint.add("a", torch.ones(2))
        checkpoint.metadata.state_dict_metadata["a"].size = torch.Size([4])
    change(checkpoint)
    with open_distributed_checkpoint(checkpoint.write()) as arrays, pytest.raises(MalformedFile, match=message):
        arrays.read("a")


def test_a_tensor_larger_than_all_files_is_refused_before_memory_is_taken(checkpoint: DistributedCheckpoint) -> None:
    checkpoint.add("a", torch.ones(4))
    entry = checkpoint.metadata.state_dict_metadata["a"]
    entry.size = entry.chunks[0].sizes = torch.Size([2**40])
    with pytest.raises(MalformedFile, match="bytes in files of"):
        open_distributed_checkpoint(checkpoint.write())

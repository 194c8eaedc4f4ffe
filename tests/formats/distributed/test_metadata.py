from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from torch.distributed.checkpoint.metadata import ChunkStorageMetadata, MetadataIndex

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
        pytest.param(with_chunks((0, 3)), "3 elements for 4", id="gap"),
        pytest.param(with_chunks((0, 4), (1, 2)), "6 elements for 4", id="too many elements"),
        pytest.param(with_chunks((0, 3), (3, 3)), "outside", id="beyond the end"),
        pytest.param(with_chunks((1, 4)), "outside", id="shifted"),
        pytest.param(with_chunks(), "0 elements for 4", id="none"),
        pytest.param(spoil(offset=-1), "natural numbers", id="negative start"),
        pytest.param(spoil(length=True), "natural numbers", id="boolean length"),
        pytest.param(spoil(offset=1.0), "natural numbers", id="float"),
        pytest.param(spoil(relative_path=3), "natural numbers", id="path that is no text"),
        pytest.param(spoil(relative_path=None), "lack 'relative_path'", id="no path"),
        pytest.param(lambda checkpoint: checkpoint.metadata.storage_data.clear(), "stored nowhere", id="no storage"),
        pytest.param(
            lambda checkpoint: vars(checkpoint.metadata).pop("storage_data"), "lack 'storage_data'", id="no data"
        ),
        pytest.param(
            lambda checkpoint: vars(checkpoint.metadata).update(storage_data=[1]), "not a dictionary", id="list"
        ),
    ],
)
def test_metadata_that_contradict_themselves_are_refused(
    checkpoint: DistributedCheckpoint, change: Callable[[DistributedCheckpoint], None], message: str
) -> None:
    checkpoint.add("a", torch.ones(4))
    change(checkpoint)
    with pytest.raises(MalformedFile, match=f"broken as the metadata of a distributed checkpoint: .*{message}"):
        open_distributed_checkpoint(checkpoint.write())


def test_one_long_list_of_chunks_for_many_tensors_is_refused_before_it_is_walked(
    checkpoint: DistributedCheckpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bncli.formats.distributed.metadata._MAX_CHUNKS", 200)
    checkpoint.add("a", torch.ones(40))
    entry = checkpoint.metadata.state_dict_metadata["a"]
    entry.chunks += [ChunkStorageMetadata(torch.Size([at]), torch.Size([0])) for at in range(1, 31)]
    (place,) = checkpoint.places("a")
    checkpoint.metadata.state_dict_metadata = {f"a{number}": entry for number in range(100)}
    checkpoint.metadata.storage_data = {
        MetadataIndex(f"a{number}", (at,)): place for number in range(100) for at in range(31)
    }
    with pytest.raises(MalformedFile, match="more than 200 chunks"):
        open_distributed_checkpoint(checkpoint.write())

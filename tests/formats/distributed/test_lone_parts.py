from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
import torch.distributed.checkpoint as dcp
from safetensors.numpy import save_file
from torch.distributed.checkpoint import HuggingFaceStorageWriter

from bncli.errors import MalformedFile, UnsupportedFormat
from bncli.formats.detection import open_named_arrays
from tests.helpers.builders import torch_arrays

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings("ignore:torch.distributed is disabled")

STATE = {name: torch.from_numpy(np.asarray(values)) for name, values in torch_arrays().items()}


def test_a_file_of_slices_leads_to_its_folder(tmp_path: Path) -> None:
    dcp.save(STATE, checkpoint_id=tmp_path, no_dist=True)
    (path,) = tmp_path.glob("*.distcp")
    with pytest.raises(UnsupportedFormat, match="holds slices of a distributed checkpoint") as caught:
        open_named_arrays(path)
    assert caught.value.hint == f"name its folder: {tmp_path}"


def test_a_file_of_slices_without_metadata_leads_to_those(tmp_path: Path) -> None:
    dcp.save(STATE, checkpoint_id=tmp_path / "saved", no_dist=True)
    (path,) = (tmp_path / "saved").glob("*.distcp")
    moved = path.rename(tmp_path / "lone.distcp")
    with pytest.raises(UnsupportedFormat) as caught:
        open_named_arrays(moved)
    assert f"its .metadata, which is not in {tmp_path}" in (caught.value.hint or "")


def test_the_share_of_a_rank_and_a_folder_of_shares_are_explained(tmp_path: Path) -> None:
    writer = HuggingFaceStorageWriter(str(tmp_path), save_distributed=True)
    dcp.save(STATE, storage_writer=writer, no_dist=True)
    (path,) = tmp_path.glob("*.safetensors")
    with pytest.raises(UnsupportedFormat, match="holds one rank's share of a distributed checkpoint") as caught:
        open_named_arrays(path)
    assert "HuggingFaceStorageReader" in (caught.value.hint or "")
    with pytest.raises(UnsupportedFormat, match="holds the ranks' shares"):
        open_named_arrays(tmp_path)


def test_files_that_rank_0_wrote_whole_are_read(tmp_path: Path) -> None:
    dcp.save(STATE, storage_writer=HuggingFaceStorageWriter(str(tmp_path)), no_dist=True)
    (path,) = tmp_path.glob("*.safetensors")
    for named in (path, tmp_path):
        with open_named_arrays(named) as arrays:
            np.testing.assert_array_equal(arrays.read("bn.running_mean"), STATE["bn.running_mean"].numpy())


def test_consolidated_files_are_read(tmp_path: Path) -> None:
    writer = HuggingFaceStorageWriter(str(tmp_path), save_distributed=True, enable_consolidation=True)
    # torch itself cannot merge whole numbers, such as the counter.
    floats = {name: values for name, values in STATE.items() if values.is_floating_point()}
    dcp.save(floats, storage_writer=writer, no_dist=True)
    (path,) = tmp_path.glob("*.safetensors")
    with open_named_arrays(path) as arrays:
        np.testing.assert_array_equal(arrays.read("bn.running_mean"), STATE["bn.running_mean"].numpy())


def write_with_note(path: Path, note: str) -> Path:
    save_file({"bn.running_mean": np.ones(2, np.float32)}, path, {"DCP_SHARDING_INFO": note})
    return path


def test_arrays_that_begin_inside_of_their_tensors_are_refused_under_any_name(tmp_path: Path) -> None:
    path = write_with_note(tmp_path / "model.safetensors", json.dumps({"bn.running_mean": {"saved_offsets": [2]}}))
    with pytest.raises(UnsupportedFormat, match="holds one rank's share"):
        open_named_arrays(path)


@pytest.mark.parametrize("note", ["", "[]", "{", '{"a": 1}', '{"a": {"saved_offsets": 1}}', "[" * 100_000])
def test_a_broken_note_is_an_error_that_names_the_file(tmp_path: Path, note: str) -> None:
    path = write_with_note(tmp_path / "model.safetensors", note)
    with pytest.raises(MalformedFile, match="broken as a safetensors file"):
        open_named_arrays(path)

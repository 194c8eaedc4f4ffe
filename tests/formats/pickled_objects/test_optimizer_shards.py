from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch

from bncli.analysis.layer_discovery import discover
from bncli.errors import NoBatchNormLayers
from bncli.formats.detection import open_named_arrays
from bncli.formats.pickled_objects.optimizer_shards import reason_for_no_layers

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("new_format", [True, False])
def test_an_optimizers_part_is_told_with_the_files_to_look_at(tmp_path: Path, new_format: bool) -> None:
    shard = {"optimizer_state_dict": {"zero_stage": 3, "fp32_flat_groups": [torch.zeros(5)]}, "ds_version": "0.9"}
    torch.save(shard, tmp_path / "x.pt", _use_new_zipfile_serialization=new_format)
    with open_named_arrays(tmp_path / "x.pt") as arrays, pytest.raises(NoBatchNormLayers, match="_model_states.pt"):
        discover(arrays)


@pytest.mark.parametrize(
    "root", [None, [], {}, {"optimizer_state_dict": 3}, {"optimizer_state_dict": {"state": {}, ("a",): 1}}]
)
def test_other_objects_say_nothing(root: Any) -> None:
    assert reason_for_no_layers(root) is None

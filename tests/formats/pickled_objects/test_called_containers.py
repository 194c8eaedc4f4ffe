from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest
import torch
from torch import fx, nn

from bncli.analysis.layer_discovery import discover
from bncli.formats.detection import open_named_arrays
from bncli.formats.pickled_objects.called_containers import called_contents
from bncli.formats.pickled_objects.tree import walk_objects
from bncli.formats.pickles.inert import Record

if TYPE_CHECKING:
    from pathlib import Path

    from bncli.core.batch_norm_layer import BatchNormLayer

FROZEN_DICT = "flax.core.frozen_dict.FrozenDict"
TREE = {"scale": 1}


class FlatMapping(dict[str, Any]):
    """Pickles as Haiku's does: its class, called with a plain dictionary."""

    def __reduce__(self) -> tuple[type, tuple[dict[str, Any]]]:
        return type(self), (dict(self),)


class TrainState(NamedTuple):
    step: Any
    params: Any
    batch_stats: Any


def read_pickle(path: Path, value: Any, protocol: int = 4) -> tuple[BatchNormLayer, ...]:
    path.write_bytes(pickle.dumps(value, protocol))
    with open_named_arrays(path) as arrays:
        return discover(arrays).layers


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


@pytest.mark.parametrize("protocol", range(6))
def test_the_layers_in_a_mapping_of_haiku_are_found(tmp_path: Path, protocol: int) -> None:
    module = "net/~/bn"
    parameters = FlatMapping({module: FlatMapping(scale=np.ones(3, "f4"), offset=np.zeros(3, "f4"))})
    statistics = {"mean": np.arange(3, dtype="f4"), "var": np.full(3, 2, "f4")}
    state = FlatMapping({f"{module}/~/{name}_ema": FlatMapping(average=values) for name, values in statistics.items()})
    (layer,) = read_pickle(tmp_path / "x.pkl", {"params": parameters, "state": state}, protocol)
    assert (layer.name, layer.weight is not None, layer.bias is not None) == (module, True, True)
    np.testing.assert_array_equal(layer.running_mean, statistics["mean"])
    np.testing.assert_array_equal(layer.running_var, statistics["var"])


@pytest.mark.parametrize("step", [3, np.int64(3), np.array(3)])
@pytest.mark.parametrize("protocol", range(6))
def test_the_layers_in_a_training_state_that_is_a_named_tuple_are_found(
    tmp_path: Path, protocol: int, step: Any
) -> None:
    leaves = {"running_mean": np.arange(2.0), "running_var": np.full(2, 3.0)}
    state = TrainState(step, {"conv": np.ones((2, 2))}, {"bn": leaves})
    (layer,) = read_pickle(tmp_path / "x.pkl", state, protocol)
    assert layer.name.rpartition(".")[2] == "bn"
    np.testing.assert_array_equal(layer.running_mean, leaves["running_mean"])


@pytest.mark.parametrize("args", [(TREE,), ("models.Net", TREE, 3)])
def test_a_lone_dictionary_is_what_the_object_holds(args: tuple[Any, ...]) -> None:
    assert called_contents(Record(FROZEN_DICT, args)) is TREE


@pytest.mark.parametrize("args", [(), ([],), ("text", 1), (TREE, {}), (TREE, Record("m.C", ())), (*"abcdefgh", TREE)])
def test_other_arguments_are_all_that_the_object_holds(args: tuple[Any, ...]) -> None:
    assert called_contents(Record("models.State", args)) is args


@pytest.mark.parametrize(("state", "items"), [({}, []), (None, [1])])
def test_of_an_object_that_was_given_more_the_arguments_do_not_count(state: Any, items: list[Any]) -> None:
    record = Record(FROZEN_DICT, (TREE,))
    record.state, record.items = state, items
    assert called_contents(record) is None

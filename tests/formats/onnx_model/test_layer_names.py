from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from bncli.formats.onnx_model.layer_names import distinct_names, shared_parent
from tests.helpers.onnx_models import batch_norm, found, layer_arrays, model, tensors

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.onnx"


@pytest.mark.parametrize(
    ("prefix", "node_name", "name"),
    [
        ("features.1.bn.", "node", "features.1.bn"),
        ("model/bn/", "node", "model/bn"),
        ("onnx::BatchNormalization_", "/bn/BatchNormalization", "/bn/BatchNormalization"),
        ("", "/bn/BatchNormalization", "/bn/BatchNormalization"),
        ("", "", "y"),
    ],
)
def test_a_layer_is_called_as_its_arrays_or_else_as_its_node(
    path: Path, prefix: str, node_name: str, name: str
) -> None:
    arrays = layer_arrays(prefix=prefix)
    (layer,) = found(path, model([batch_norm(list(arrays), name=node_name)], tensors(arrays))).layers
    assert layer.name == name


def test_layers_that_would_be_called_the_same_are_called_as_their_nodes(path: Path) -> None:
    first, second = (layer_arrays(seed=seed, prefix=f"blobs/{seed}_") for seed in (1, 2))
    nodes = [batch_norm(list(first), ["a"], name="same"), batch_norm(list(second), ["b"], name="same")]
    names = [layer.name for layer in found(path, model(nodes, tensors(first | second))).layers]
    assert names == ["same", "b"]


def test_a_layer_whose_names_are_all_taken_is_numbered(path: Path) -> None:
    arrays = [layer_arrays(seed=1, prefix="y."), *(layer_arrays(seed=seed, prefix=f"p{seed}_") for seed in (2, 3))]
    nodes = [
        batch_norm(list(arrays[0]), ["q"], name="first"),
        batch_norm(list(arrays[1]), ["y"], name="y"),
        batch_norm(list(arrays[2]), ["y#2"], name="y"),
    ]
    layers = found(path, model(nodes, tensors(arrays[0] | arrays[1] | arrays[2]))).layers
    assert [layer.name for layer in layers] == ["y", "y#2", "y#2#2"]
    for layer, expected in zip(layers, arrays, strict=True):
        np.testing.assert_array_equal(layer.running_mean, list(expected.values())[2])


def test_nodes_without_names_and_outputs_are_layers_each(path: Path) -> None:
    arrays = [layer_arrays(seed=seed, prefix=f"p{seed}_") for seed in range(3)]
    nodes = [batch_norm(list(each), [""]) for each in arrays]
    layers = found(path, model(nodes, tensors(arrays[0] | arrays[1] | arrays[2]))).layers
    assert len({layer.name for layer in layers}) == 3


def test_thousands_of_layers_of_one_name_are_numbered_in_a_moment() -> None:
    names = distinct_names([("", ("", ""))] * 50_000)
    assert len(set(names)) == 50_000
    assert names[:3] == ["", "#2", "#3"]


@pytest.mark.parametrize(
    ("names", "parent"),
    [(("a.m", "a.v"), "a"), (("a/b/m", "a/b/v"), "a/b"), (("a.m", "b.v"), ""), (("m", "v"), ""), ((".m", ".v"), "")],
)
def test_arrays_share_the_path_before_their_last_part(names: tuple[str, ...], parent: str) -> None:
    assert shared_parent(*names) == parent

from __future__ import annotations

import pickle
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from bncli.analysis.haiku_trees import haiku_layers
from bncli.analysis.layer_discovery import discover, survey
from bncli.core.batch_norm_layer import Setting
from bncli.formats.detection import open_named_arrays

if TYPE_CHECKING:
    from pathlib import Path

MODULE = "net/~/block/~/batch_norm"
SHAPE = (1, 1, 1, 3)


def average(values: list[float]) -> dict[str, Any]:
    """Return what Haiku's average keeps after 5 updates with a decay of 0.9, starting at zero."""
    kept = np.array(values, np.float32).reshape(SHAPE)
    return {"average": kept, "hidden": kept * np.float32(1 - 0.9**5), "counter": np.array(5, np.int32)}


STATE = {
    f"{MODULE}/~/mean_ema": average([1, 2, 3]),
    f"{MODULE}/~/var_ema": average([4, 5, 6]),
}
PARAMS = {
    MODULE: {"scale": np.full(SHAPE, 2, np.float32), "offset": np.full(SHAPE, 3, np.float32)},
    "net/~/linear": {"w": np.ones((3, 2), np.float32), "b": np.ones(2, np.float32)},
    "net/~/layer_norm": {"scale": np.ones(3, np.float32), "offset": np.ones(3, np.float32)},
}


def write_pickle(path: Path, content: object) -> Path:
    path.write_bytes(pickle.dumps(content))
    return path


@pytest.mark.parametrize(
    "content",
    [
        {"params": PARAMS, "state": STATE},
        (PARAMS, STATE),
        [STATE, PARAMS],
        {"step": 7, "model": {"params": PARAMS, "state": STATE, "ema_params": PARAMS}},
    ],
)
def test_pickled_trees_of_parameters_and_state_are_one_layer(tmp_path: Path, content: object) -> None:
    with open_named_arrays(write_pickle(tmp_path / "a", content)) as arrays:
        (layer,) = discover(arrays).layers
    assert (layer.name, layer.framework, layer.num_features, layer.num_batches_tracked) == (MODULE, "haiku", 3, 5)
    np.testing.assert_array_equal(layer.running_mean, np.array([1, 2, 3], np.float32))
    np.testing.assert_array_equal(layer.running_var, np.array([4, 5, 6], np.float32))
    np.testing.assert_array_equal(layer.weight, np.full(3, 2, np.float32))
    np.testing.assert_array_equal(layer.bias, np.full(3, 3, np.float32))
    assert (layer.eps, layer.momentum) == (Setting(1e-5, "assumed"), Setting(0.1, "assumed"))


@pytest.mark.parametrize("prefixes", [("", ""), ("params/", "state/")])
def test_flattened_trees_in_an_npz_are_one_layer(tmp_path: Path, prefixes: tuple[str, str]) -> None:
    flat = {
        f"{prefix}{module}/{leaf}": values
        for prefix, tree in zip(prefixes, (PARAMS, STATE), strict=True)
        for module, leaves in tree.items()
        for leaf, values in leaves.items()
    }
    np.savez(tmp_path / "a.npz", **flat)
    with open_named_arrays(tmp_path / "a.npz") as arrays:
        (layer,) = discover(arrays).layers
    assert (layer.name, layer.framework) == (MODULE, "haiku")
    assert layer.weight is not None
    assert layer.weight.shape == (3,)


def test_two_networks_with_the_same_modules_keep_their_own_parameters(tmp_path: Path) -> None:
    other = {MODULE: {"scale": np.full(SHAPE, 9, np.float32), "offset": np.zeros(SHAPE, np.float32)}}
    content = {"a": {"params": PARAMS, "state": STATE}, "b": {"params": other, "state": deepcopy(STATE)}}
    with open_named_arrays(write_pickle(tmp_path / "a", content)) as arrays:
        weights = {layer.name: layer.weight[0] for layer in discover(arrays).layers if layer.weight is not None}
    assert weights == {f"a.state.{MODULE}": 2, f"b.state.{MODULE}": 9}


def test_state_alone_is_a_layer_without_parameters(tmp_path: Path) -> None:
    with open_named_arrays(write_pickle(tmp_path / "a", STATE)) as arrays:
        (layer,) = discover(arrays).layers
    assert (layer.weight, layer.bias) == (None, None)


def test_parameters_that_may_be_of_either_of_two_trees_are_left_out() -> None:
    names = [f"0.{MODULE}/~/mean_ema.average", f"1.{MODULE}.scale", f"2.{MODULE}.scale"]
    assert haiku_layers(names) == {MODULE: {"running_mean": names[0]}}


def test_one_statistic_without_the_other_is_told(tmp_path: Path) -> None:
    with open_named_arrays(write_pickle(tmp_path / "a", dict(list(STATE.items())[:1]))) as arrays:
        (skipped,) = survey(arrays).skipped
    assert (skipped.name, skipped.reason) == (MODULE, "has running_mean but no running_var")


def test_values_for_more_than_the_channels_make_no_layer(tmp_path: Path) -> None:
    wide = {name: {"average": np.ones((1, 2, 3), np.float32)} for name in STATE}
    with open_named_arrays(write_pickle(tmp_path / "a", wide)) as arrays:
        (skipped,) = survey(arrays).skipped
    assert "running_mean has shape [1, 2, 3]" in skipped.reason


@pytest.mark.parametrize("name", ["net/~/mean_ema.average", "mean_ema.average", "a/~/mean_ema.averages", "a.average"])
def test_other_names_are_of_no_layer(name: str) -> None:
    assert haiku_layers([name]) == ({"net": {"running_mean": name}} if name.startswith("net") else {})

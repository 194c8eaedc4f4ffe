from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bncli.analysis.layer_discovery import discover
from bncli.formats.detection import open_named_arrays
from bncli.formats.onnx_file import NodeSettings
from bncli.planted.small_model import LAYERS, NUM_UPDATES, SmallModel, healthy_model

if TYPE_CHECKING:
    from pathlib import Path

    from bncli.core.batch_norm_layer import BatchNormLayer


def layers_of(model: SmallModel, folder: Path) -> dict[str, BatchNormLayer]:
    path = folder / f"model{model.suffix}"
    path.write_bytes(model.file())
    with open_named_arrays(path) as arrays:
        return {layer.name: layer for layer in discover(arrays).layers}


@pytest.mark.parametrize("settings", [None, NodeSettings()])
def test_a_model_is_read_back_as_the_layers_that_it_has(settings: NodeSettings | None, tmp_path: Path) -> None:
    model = healthy_model(settings=settings)
    layers = layers_of(model, tmp_path)
    assert list(layers) == list(LAYERS)
    for name, layer in layers.items():
        for role in ("weight", "bias", "running_mean", "running_var"):
            np.testing.assert_array_equal(getattr(layer, role), model.arrays[f"{name}.{role}"])
        assert layer.num_batches_tracked == (NUM_UPDATES if settings is None else None)


def test_the_bytes_of_a_model_are_the_same_everywhere() -> None:
    digests = [hashlib.sha256(model.file()).hexdigest()[:16] for model in (healthy_model(), healthy_model(1))]
    assert digests == ["651c4fc486d5f331", "01b256cbf06d2c4f"]


def test_a_changed_model_leaves_the_first_one_as_it_was() -> None:
    model = healthy_model()
    before = model.file()
    changed = model.with_channels("stem.bn", running_var={1: 7.0, 3: 8.0}).with_counter(5, ["stem.bn"])
    changed = changed.with_arrays({"block1.bn.bias": np.zeros(16, np.float32)})
    assert model.file() == before
    assert changed.arrays["stem.bn.running_var"].tolist()[1:4:2] == [7.0, 8.0]
    assert changed.arrays["stem.bn.num_batches_tracked"] == 5
    assert changed.arrays["block1.bn.num_batches_tracked"] == NUM_UPDATES
    assert not changed.arrays["block1.bn.bias"].any()


def test_a_counter_that_is_a_float_is_stored_as_one() -> None:
    stored = healthy_model().with_counter(4999.5).arrays["stem.bn.num_batches_tracked"]
    assert (stored.dtype, float(stored)) == (np.float32, 4999.5)


def test_arrays_can_be_stored_in_bfloat16(tmp_path: Path) -> None:
    model = replace(healthy_model(), bfloat16=frozenset({"stem.bn.running_var"}))
    dtypes = [layer.dtype for layer in layers_of(model, tmp_path).values()]
    assert dtypes == ["bfloat16", "float32", "float32"]


def test_every_change_keeps_what_the_model_says_about_its_file() -> None:
    halved = frozenset({"stem.bn.running_var"})
    model = replace(healthy_model(settings=NodeSettings(epsilon=1e-4)), bfloat16=halved)
    kept = [
        model.without("stem.bn.bias"),
        model.with_inputs_scaled(2.0),
        model.with_counter(7),
        model.with_channels("stem.bn", bias={0: 1.0}),
    ]
    assert {(changed.settings, changed.bfloat16) for changed in kept} == {(model.settings, halved)}
    renamed = model.renamed("stem.bn.running_var", "stem.bn.running_std")
    assert (renamed.settings, renamed.bfloat16) == (model.settings, {"stem.bn.running_std"})
    assert list(renamed.arrays)[3] == "stem.bn.running_std"


def test_inputs_of_another_scale_move_means_by_it_and_variances_by_its_square() -> None:
    model = healthy_model()
    scaled = model.with_inputs_scaled(0.5)
    for name, array in model.arrays.items():
        factor = {"running_mean": 0.5, "running_var": 0.25}.get(name.rpartition(".")[2], 1.0)
        np.testing.assert_array_equal(scaled.arrays[name], array * np.asarray(factor, array.dtype), strict=True)
    assert "stem.bn.bias" not in model.without("stem.bn.bias").arrays

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bncli.analysis.layer_discovery import discover
from bncli.core.batch_norm_layer import Setting
from bncli.errors import MalformedFile
from bncli.formats.detection import open_named_arrays
from tests.helpers.keras_files import LEAVES, configuration, normalization, variables, write_keras_zip

if TYPE_CHECKING:
    from pathlib import Path

GROUP = "layers/batch_normalization"
CONFIG = configuration(normalization("bn", scale=False, epsilon=1e-5, momentum=0.9))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.keras"


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("names", [None, {GROUP: "bn"}])
def test_the_configuration_tells_variables_and_settings(
    path: Path, compression: int, names: dict[str, str] | None
) -> None:
    values = variables(leaves=LEAVES[1:])
    write_keras_zip(path, {GROUP: values}, CONFIG, names, compression)
    with open_named_arrays(path) as arrays:
        assert arrays.format == "keras-zip"
        (layer,) = discover(arrays).layers
    assert layer.weight is None
    np.testing.assert_array_equal(layer.bias, values["beta"], strict=True)
    np.testing.assert_array_equal(layer.running_var, values["moving_variance"], strict=True)
    assert (layer.eps, layer.momentum) == (Setting(1e-5, "stored"), Setting(0.1, "stored"))


def test_files_of_keras_2_take_the_names_of_layers_from_the_configuration(path: Path) -> None:
    # Keras 2 names groups by class alone, so that a layer called `batch_normalization` may be in another group.
    inner = configuration(normalization("inner_bn"))
    inner["config"]["name"] = "block"
    wrapper = {"class_name": "TimeDistributed", "config": {"name": "td", "layer": normalization("each", epsilon=0.5)}}
    config = configuration(normalization("stem"), normalization("batch_normalization"), inner, wrapper)
    groups = (GROUP, f"{GROUP}_1", "layers/functional/layers/batch_normalization", "layers/time_distributed/layer")
    stored = {group: variables(seed=seed) for seed, group in enumerate(groups)}
    write_keras_zip(path, stored, config)
    with open_named_arrays(path) as arrays:
        layers = {layer.name: layer for layer in discover(arrays).layers}
    assert list(layers) == ["stem", "batch_normalization", "block/inner_bn", "td/layer"]
    for layer, values in zip(layers.values(), stored.values(), strict=True):
        np.testing.assert_array_equal(layer.running_mean, values["moving_mean"], strict=True)
    assert layers["td/layer"].eps == Setting(0.5, "stored")


def test_other_members_of_the_archive_are_not_read(path: Path) -> None:
    write_keras_zip(path, {GROUP: variables(leaves=LEAVES[1:])}, CONFIG)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("../../assets/evil.py", b"raise SystemExit")
    with open_named_arrays(path) as arrays:
        assert len(discover(arrays).layers) == 1


@pytest.mark.parametrize("member", ["config.json", "model.weights.h5"])
def test_a_member_that_is_broken_is_refused(path: Path, member: str) -> None:
    write_keras_zip(path, {GROUP: variables()}, CONFIG)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, b"[" * 100_000 if name == member else content)
    with pytest.raises(MalformedFile, match=r"model\.keras: broken as a Keras model"):
        open_named_arrays(path)


def test_weights_that_inflate_like_a_bomb_are_refused(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", "{}")
        archive.writestr("model.weights.h5", bytes(64 * 1024**2))
    with pytest.raises(MalformedFile, match="claims 67108864 bytes"):
        open_named_arrays(path)

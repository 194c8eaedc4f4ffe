from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pytest

from bncli.analysis.layer_discovery import discover
from bncli.core.batch_norm_layer import Setting
from bncli.errors import MalformedFile, UnsupportedFormat
from bncli.formats.detection import open_named_arrays
from tests.helpers.keras_files import LEAVES, configuration, normalization, variables, write_keras_2, write_keras_3
from tests.helpers.published_checkpoints import published

if TYPE_CHECKING:
    from pathlib import Path

    from bncli.core.batch_norm_layer import BatchNormLayer


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.h5"


def layers_of(path: Path) -> dict[str, BatchNormLayer]:
    with open_named_arrays(path) as arrays:
        assert arrays.format == "keras-hdf5"
        return {layer.name: layer for layer in discover(arrays).layers}


def assert_values(layer: BatchNormLayer, expected: dict[str, Any]) -> None:
    arrays = (layer.weight, layer.bias, layer.running_mean, layer.running_var)
    for leaf, values in zip(LEAVES, arrays, strict=True):
        if leaf in expected:
            np.testing.assert_array_equal(values, expected[leaf], strict=True)
        else:
            assert values is None


def test_a_whole_model_of_keras_2_has_its_settings_from_the_configuration(path: Path) -> None:
    expected = {"bn_2": variables(8, seed=2), "bn_1": variables(seed=1, leaves=LEAVES[1:])}
    config = configuration(normalization("bn_2", epsilon=1e-5, momentum=0.9), normalization("bn_1", scale=False))
    write_keras_2(path, expected, config)
    layers = layers_of(path)
    assert list(layers) == ["bn_2", "bn_1"]
    for name, layer in layers.items():
        assert_values(layer, expected[name])
        assert layer.class_name == "BatchNormalization"
    assert (layers["bn_2"].eps, layers["bn_2"].momentum) == (Setting(1e-5, "stored"), Setting(0.1, "stored"))
    assert layers["bn_1"].tensors["running_var"] == "model_weights/bn_1/bn_1/moving_variance:0"


@pytest.mark.parametrize("start", [512, 1024, 2048])
@pytest.mark.parametrize("options", [{}, {"chunks": (3,), "compression": "gzip"}])
@pytest.mark.parametrize("libver", ["earliest", "latest"])
def test_a_file_that_begins_after_a_block_of_its_writers_is_read(
    path: Path, start: int, options: dict[str, Any], libver: str
) -> None:
    expected = variables()
    with h5py.File(path, "w", userblock_size=start, libver=libver) as file:
        for leaf, values in expected.items():
            file.create_dataset(f"bn/bn/{leaf}:0", data=values, **options)
        file["model_weights/filler"] = np.zeros(5000)
    with path.open("r+b") as block:
        block.write(b"MATLAB 7.3 MAT-file".ljust(start))
    assert_values(layers_of(path)["bn"], expected)


def test_an_hdf5_file_in_a_tar_is_a_tar(path: Path, tmp_path: Path) -> None:
    write_keras_2(path, {"bn": variables()})
    with tarfile.open(tmp_path / "x.tar", "w", format=tarfile.USTAR_FORMAT) as archive:
        archive.add(path, "model.h5")
    with pytest.raises(UnsupportedFormat, match="is a tar archive"):
        open_named_arrays(tmp_path / "x.tar")


def test_weights_alone_have_assumed_settings(path: Path) -> None:
    write_keras_2(path, {"bn": variables()})
    assert (layers_of(path)["bn"].eps, layers_of(path)["bn"].momentum) == (
        Setting(1e-3, "assumed"),
        Setting(0.01, "assumed"),
    )


def test_weights_of_keras_3_are_resolved_by_their_number(path: Path) -> None:
    expected = {"layers/batch_normalization": variables(seed=1), "layers/batch_normalization_1": variables(seed=2)}
    write_keras_3(path, expected, {"layers/batch_normalization": "first"})
    layers = layers_of(path)
    assert list(layers) == ["first", "batch_normalization_1"]
    for layer, values in zip(layers.values(), expected.values(), strict=True):
        assert_values(layer, values)


def test_weights_of_an_optimizer_are_left_out(path: Path) -> None:
    write_keras_2(path, {"bn": variables()})
    with open_named_arrays(path) as arrays:
        assert not any("optimizer" in name for name in arrays.specs)


def test_an_honest_layer_is_read_beside_every_kind_of_link_out_of_the_file(path: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as file:
        file["y"] = np.full(4, 42.0)
    write_keras_2(path, {"bn": variables()})
    with h5py.File(path, "a") as file:
        evil = file.create_group("evil/evil")
        evil["soft"] = h5py.SoftLink("/model_weights")
        evil["gamma"] = h5py.ExternalLink(str(secret), "y")
        evil.create_dataset("moving_mean", (4,), "f4", external=[(str(secret), 0, 16)])
        layout = h5py.VirtualLayout((4,), "f4")
        layout[:] = h5py.VirtualSource(str(secret), "y", (4,))
        evil.create_virtual_dataset("moving_variance", layout)
        evil.create_dataset("bomb", (2**30, 2**20), "f4", chunks=(1, 2**20), compression="gzip")
        evil["loop"] = file["/"]
    with open_named_arrays(path) as arrays:
        assert {entry.name.rpartition("/")[2] for entry in arrays.skipped} == {
            "soft", "gamma", "moving_mean", "moving_variance", "bomb"
        }  # fmt: skip
        arrays.read_many(arrays.specs)
        assert [layer.name for layer in discover(arrays).layers] == ["bn"]


def test_a_contiguous_dataset_that_claims_more_than_the_file_is_refused_when_it_is_read(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("claims", data=np.ones(12345, "f4"))
    content = path.read_bytes()
    path.write_bytes(content.replace((12345).to_bytes(8, "little"), (2**40).to_bytes(8, "little")))
    with pytest.raises(MalformedFile), open_named_arrays(path) as arrays:
        arrays.read("claims")


def test_a_configuration_that_is_broken_is_refused(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = "{'class_name': __import__('os')}"
    with pytest.raises(MalformedFile, match=r"model\.h5: broken as an HDF5 file"):
        open_named_arrays(path)


def test_a_published_model_has_fourteen_layers_as_h5py_reads_them() -> None:
    path = published("mini_XCEPTION_KDEF.hdf5")
    layers = layers_of(path)
    assert set(layers) == {f"batch_normalization_{number}" for number in range(1, 15)}
    with h5py.File(path) as file:
        for name, layer in layers.items():
            group = file[f"model_weights/{name}/{name}"]
            assert_values(layer, {leaf: group[f"{leaf}:0"][()] for leaf in LEAVES})
            assert (layer.eps, layer.momentum) == (Setting(0.001, "stored"), Setting(0.01, "stored"))

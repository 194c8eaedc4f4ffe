from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from bncli.analysis.layer_discovery import discover
from bncli.core.batch_norm_layer import Setting
from bncli.core.named_arrays import Skipped
from bncli.formats.caffe import open_caffe
from tests.helpers.caffe_nets import blob, layer, net, settings

if TYPE_CHECKING:
    from pathlib import Path

    from bncli.core.batch_norm_layer import Checkpoint

RNG = np.random.default_rng(0)
MEAN, VAR, WEIGHT, BIAS = (RNG.uniform(0.5, 2, 6).astype(np.float32) for _ in range(4))


def norm(factor: Any = 1, name: str = "bn", **changes: Any) -> bytes:
    element = changes.pop("dtype", np.float32)
    blobs = [blob(MEAN.astype(element)), blob(VAR.astype(element)), blob(np.array([factor], element))]
    return layer("BatchNorm", name, changes.pop("blobs", blobs), **changes)


def found(path: Path, *layers: bytes) -> Checkpoint:
    path.write_bytes(net(*layers))
    with open_caffe(path) as arrays:
        return discover(arrays)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "net.caffemodel"


def test_the_statistics_of_a_weight_of_one_are_the_stored_arrays(path: Path) -> None:
    (only,) = found(path, norm()).layers
    np.testing.assert_array_equal(only.running_mean, MEAN, strict=True)
    np.testing.assert_array_equal(only.running_var, VAR, strict=True)
    assert (only.name, only.framework, only.class_name) == ("bn", "caffe", "BatchNorm")
    assert only.tensors == {"running_mean": "bn[0]", "running_var": "bn[1]"}
    assert only.weight is None
    assert (only.eps, only.momentum) == (Setting(1e-5, "assumed"), Setting(0.001, "assumed"))


@pytest.mark.parametrize("factor", [999.98236, 0.5, 3e-5])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sums_are_divided_by_their_weight_as_caffe_rounds_it(path: Path, factor: float, dtype: Any) -> None:
    (only,) = found(path, norm(factor, dtype=dtype)).layers
    reciprocal = dtype(1) / dtype(factor)
    np.testing.assert_array_equal(only.running_mean, MEAN.astype(dtype) * reciprocal, strict=True)
    np.testing.assert_array_equal(only.running_var, VAR.astype(dtype) * reciprocal, strict=True)
    assert only.tensors["running_var"] == "bn[1] / bn[2]"


def test_a_layer_that_saw_no_batch_has_statistics_of_zero_as_in_caffe(path: Path) -> None:
    (only,) = found(path, norm(0)).layers
    np.testing.assert_array_equal(only.running_var, np.zeros(6, np.float32), strict=True)


def test_the_stored_sums_can_still_be_read(path: Path) -> None:
    path.write_bytes(net(norm(4)))
    with open_caffe(path) as arrays:
        np.testing.assert_array_equal(arrays.read("bn[0]"), MEAN, strict=True)
        np.testing.assert_array_equal(arrays.read("bn[2]"), np.array([4], np.float32), strict=True)
        np.testing.assert_array_equal(arrays.read_flat("bn[0] / bn[2]", 2, 5), MEAN[2:5] / 4, strict=True)


def test_settings_are_converted_to_the_weight_of_the_new_batch(path: Path) -> None:
    (only,) = found(path, norm(settings=settings(eps=1e-3, fraction=0.95))).layers
    assert (only.eps, only.momentum) == (Setting(1e-3, "stored"), Setting(0.05, "stored"))


@pytest.mark.parametrize("in_place", [True, False])
def test_scale_and_shift_are_those_of_the_scale_layer_that_takes_what_the_layer_gives(
    path: Path, in_place: bool
) -> None:
    top = "conv" if in_place else "normalized"
    (only,) = found(
        path,
        layer("Scale", "unrelated", [blob(BIAS)], bottom="elsewhere"),
        norm(bottom="conv", top=top),
        layer("Scale", "other", [blob(BIAS)], bottom="elsewhere"),
        layer("Scale", "scale", [blob(WEIGHT), blob(BIAS)], bottom=top, top=top),
        layer("Scale", "second", [blob(BIAS)], bottom=top, top=top),
    ).layers
    np.testing.assert_array_equal(only.weight, WEIGHT, strict=True)
    np.testing.assert_array_equal(only.bias, BIAS, strict=True)
    assert only.tensors["weight"] == "scale[0]"
    assert only.tensors["bias"] == "scale[1]"


def test_a_scale_layer_behind_something_else_is_not_the_layers_own(path: Path) -> None:
    (only,) = found(
        path,
        norm(bottom="conv", top="conv"),
        layer("ReLU", "relu", bottom="conv", top="conv"),
        layer("Scale", "scale", [blob(WEIGHT)], bottom="conv", top="conv"),
    ).layers
    assert only.weight is None


def test_forks_that_merge_the_scale_layer_have_its_blobs_in_the_layer(path: Path) -> None:
    blobs = [blob(values) for values in (MEAN, VAR, np.ones(1, np.float32), WEIGHT, BIAS)]
    (only,) = found(path, norm(blobs=blobs)).layers
    np.testing.assert_array_equal(only.weight, WEIGHT, strict=True)
    np.testing.assert_array_equal(only.bias, BIAS, strict=True)


def test_blobs_of_four_axes_are_one_value_per_channel(path: Path) -> None:
    blobs = [blob(values, is_old=True) for values in (MEAN, VAR, np.ones(1, np.float32))]
    scale = layer("Scale", "scale", [blob(WEIGHT.reshape(1, 6, 1, 1))], bottom="bn")
    (only,) = found(path, norm(blobs=blobs), scale).layers
    assert only.running_mean.shape == only.running_var.shape == (6,)
    np.testing.assert_array_equal(only.weight, WEIGHT, strict=True)


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (norm(name="bad", blobs=[]), "has 0 blobs, not a mean, a variance and their weight"),
        (norm(name="bad", blobs=[blob(MEAN), blob(VAR)]), "has 2 blobs"),
        (norm(name="bad", blobs=[blob(MEAN), blob(VAR), blob(VAR)]), "has 3 blobs"),
        (norm(name="bad", blobs=[blob(MEAN), b"", blob(MEAN[:1])]), "has 3 blobs"),
        (layer("BN", "bad", [blob(MEAN)] * 4), "is of type BN, of a fork of Caffe"),
    ],
)
def test_a_layer_that_cannot_be_used_is_told(path: Path, broken: bytes, reason: str) -> None:
    checkpoint = found(path, norm(name="good"), broken)
    assert [layer.name for layer in checkpoint.layers] == ["good"]
    assert any(skipped.name == "bad" and reason in skipped.reason for skipped in checkpoint.skipped)


def test_statistics_of_two_sizes_are_told(path: Path) -> None:
    broken = norm(name="bad", blobs=[blob(MEAN), blob(VAR[:3]), blob(np.ones(1, np.float32))])
    checkpoint = found(path, norm(name="good"), broken)
    assert checkpoint.skipped == (Skipped("bad", "running_var has shape [3], running_mean [6]", "shape-mismatch"),)

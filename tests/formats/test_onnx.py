from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, numpy_helper

from bncli.analysis.layer_discovery import discover
from bncli.errors import InputNotFound, MalformedFile, NoBatchNormLayers, UnsafeFile
from bncli.formats.detection import open_named_arrays
from bncli.formats.onnx import open_onnx, recognizes
from bncli.formats.probe import FileProbe
from tests.helpers.invoke import invoke
from tests.helpers.onnx_models import ROLES, batch_norm, layer_arrays, model, tensors
from tests.helpers.protobuf_bytes import bytes_field, number_field
from tests.helpers.published_checkpoints import published

if TYPE_CHECKING:
    from collections.abc import Callable

    from bncli.core.batch_norm_layer import BatchNormLayer

ARRAYS = layer_arrays()
GRAPH = bytes_field(7, bytes_field(2, "graph"))
OPSET = bytes_field(8, number_field(2, 17))


def layers_of(path: Path) -> tuple[BatchNormLayer, ...]:
    with open_named_arrays(path) as arrays:
        assert arrays.format == "onnx"
        return discover(arrays).layers


def external(values: Any, name: str, location: str, **entries: object) -> TensorProto:
    """Return a tensor that says that its values lie in another file."""
    tensor = numpy_helper.from_array(values, name)
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in {"location": location, **entries}.items():
        tensor.external_data.add(key=key, value=str(value))
    return tensor


def write_external(path: Path, location: str = "weights.bin", **entries: object) -> Path:
    """Write a model whose running variance lies in another file."""
    stored = {name: values for name, values in ARRAYS.items() if name != "bn.running_var"}
    away = external(ARRAYS["bn.running_var"], "bn.running_var", location, **entries)
    path.write_bytes(model([batch_norm(list(ARRAYS))], [*tensors(stored), away]).SerializeToString())
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / "folder"
    folder.mkdir()
    return folder / "model.onnx"


@pytest.mark.parametrize(
    ("head", "is_model"),
    [
        (number_field(1, 8) + GRAPH + OPSET, True),
        (number_field(1, 8) + bytes_field(2, "pytorch") + bytes_field(3, "2.1") + GRAPH, True),
        (number_field(1, 3) + OPSET + GRAPH, True),
        (number_field(1, 0) + GRAPH + OPSET, False),
        (number_field(1, 8) + bytes_field(2, "no graph"), False),
        (number_field(1, 8) + number_field(7, 1), False),
        (number_field(1, 1) + bytes_field(2, bytes_field(1, "serve")) + bytes_field(100, b""), False),
        (bytes_field(1, "caffe") + bytes_field(100, b"layer"), False),
        (b"\x80\x04\x95" + bytes(20), False),
        (bytes(30), False),
    ],
)
def test_a_model_is_recognized_by_its_fields(head: bytes, is_model: bool) -> None:
    assert recognizes(FileProbe(Path("model"), len(head), head)) is is_model


def test_a_graph_that_reaches_past_the_head_is_recognized() -> None:
    content = number_field(1, 8) + bytes_field(7, bytes(100_000)) + OPSET
    assert recognizes(FileProbe(Path("model"), len(content), content[:4096]))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (number_field(1, 8) + GRAPH * 2 + OPSET, "holds 2 graphs"),
        (number_field(1, 8) + OPSET, "holds 0 graphs"),
        (number_field(1, 8) + GRAPH, "does not say which version of the operators"),
    ],
)
def test_a_model_has_one_graph_and_says_which_operators_it_means(path: Path, content: bytes, message: str) -> None:
    path.write_bytes(content)
    with pytest.raises(MalformedFile, match=message):
        open_onnx(path)


@pytest.mark.parametrize(
    "content",
    [
        number_field(1, 2) + GRAPH,
        number_field(1, 8) + GRAPH + bytes_field(8, bytes_field(1, "ai.onnx.ml") + number_field(2, 3)),
    ],
)
def test_old_models_and_those_of_other_operators_need_not_name_onnxs_own(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(NoBatchNormLayers, match="0 BatchNormalization among 0 nodes"):
        layers_of(path)


def test_weights_that_no_layer_uses_cost_nothing(path: Path) -> None:
    big = {f"conv{number}.weight": np.ones((100, 1000), np.float32) for number in range(5)}
    path.write_bytes(model([batch_norm(list(ARRAYS))], tensors(big | ARRAYS)).SerializeToString())
    with open_onnx(path) as arrays:
        assert len(discover(arrays).layers) == 1
        assert arrays.bytes_read < 50_000
        np.testing.assert_array_equal(arrays.read("conv3.weight"), big["conv3.weight"], strict=True)


def test_values_in_other_files_are_read_where_they_lie(path: Path) -> None:
    proto = model([batch_norm(list(ARRAYS))], tensors(ARRAYS))
    onnx.save(proto, path, save_as_external_data=True, location="model.data", size_threshold=0)
    assert (path.parent / "model.data").stat().st_size >= 4 * 16
    (layer,) = layers_of(path)
    for role in ROLES:
        np.testing.assert_array_equal(getattr(layer, role), ARRAYS[f"bn.{role}"], strict=True)


def test_offset_and_length_may_be_left_out(path: Path) -> None:
    (path.parent / "weights.bin").write_bytes(ARRAYS["bn.running_var"].tobytes())
    (layer,) = layers_of(write_external(path))
    np.testing.assert_array_equal(layer.running_var, ARRAYS["bn.running_var"], strict=True)


def test_a_missing_file_of_weights_is_named_only_when_a_layer_needs_it(path: Path) -> None:
    conv = external(np.ones((8, 8), np.float32), "conv.weight", "absent.bin")
    path.write_bytes(model([batch_norm(list(ARRAYS))], [*tensors(ARRAYS), conv]).SerializeToString())
    assert len(layers_of(path)) == 1
    with pytest.raises(InputNotFound, match=r"model\.onnx: names the file 'weights\.bin', which is not there"):
        layers_of(write_external(path))


@pytest.mark.parametrize(
    "location",
    ["../secret", "sub/../../secret", "/etc/hostname", "C:\\secret", "..\\secret", "weights.bin\0", "", "a" * 5000],
)
def test_a_location_outside_the_folder_is_refused_even_if_no_layer_needs_it(path: Path, location: str) -> None:
    (path.parent.parent / "secret").write_bytes(bytes(1000))
    conv = external(np.ones((8, 8), np.float32), "conv.weight", location)
    path.write_bytes(model([batch_norm(list(ARRAYS))], [*tensors(ARRAYS), conv]).SerializeToString())
    with pytest.raises(UnsafeFile):
        open_onnx(path)


def _symbolic_link(weights: Path, secret: Path) -> None:
    weights.symlink_to(secret)


def test_a_file_for_each_tensor_may_be_more_files_than_a_process_may_open(path: Path) -> None:
    nodes, initializers, expected = [], [], []
    for number in range(70):
        arrays = layer_arrays(seed=number, prefix=f"l{number}.")
        for name, values in arrays.items():
            (path.parent / name).write_bytes(values.tobytes())
        nodes.append(batch_norm(list(arrays), [f"y{number}"]))
        initializers += [external(values, name, name) for name, values in arrays.items()]
        expected.append(arrays[f"l{number}.running_var"])
    path.write_bytes(model(nodes, initializers).SerializeToString())
    layers = layers_of(path)
    np.testing.assert_array_equal([layer.running_var for layer in layers], expected, strict=True)


def _hard_link(weights: Path, secret: Path) -> None:
    weights.hardlink_to(secret)


def _pipe(weights: Path, secret: Path) -> None:
    os.mkfifo(weights)


def _folder(weights: Path, secret: Path) -> None:
    weights.mkdir()


@pytest.mark.parametrize("make", [_symbolic_link, _hard_link, _pipe, _folder])
def test_a_location_that_leads_elsewhere_on_the_disk_is_refused(path: Path, make: Callable[[Path, Path], None]) -> None:
    secret = path.parent.parent / "secret"
    secret.write_bytes(bytes(1000))
    make(path.parent / "weights.bin", secret)
    with pytest.raises(UnsafeFile):
        layers_of(write_external(path))


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"offset": 990}, "cannot be read"),
        ({"offset": 10**17}, "cannot be read"),
        ({"offset": -4}, "its offset in another file"),
        ({"offset": 10**30}, "its offset in another file"),
        ({"length": 12}, "12 bytes are stored for shape"),
    ],
)
def test_a_place_that_the_other_file_does_not_have_is_an_error(
    path: Path, entries: dict[str, int], message: str
) -> None:
    (path.parent / "weights.bin").write_bytes(bytes(1000))
    with pytest.raises(MalformedFile, match=message):
        layers_of(write_external(path, **entries))


class Network(torch.nn.Module):
    """Two layers, one of them without parameters of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 4, 3)
        self.bn = torch.nn.BatchNorm2d(4, eps=1e-3, momentum=0.07)
        self.plain = torch.nn.BatchNorm2d(4, affine=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.plain(self.bn(self.conv(x)))


def export(path: Path, mode: torch.onnx.TrainingMode) -> Network:
    torch.manual_seed(0)
    network = Network()
    network(torch.randn(8, 3, 8, 8))
    network.eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network, (torch.randn(2, 3, 8, 8),), str(path), training=mode, dynamo=False, do_constant_folding=False
        )
    return network


@pytest.mark.parametrize("mode", ["PRESERVE", "TRAINING"])
def test_what_torch_exports_has_the_values_and_names_of_the_model(path: Path, mode: str) -> None:
    network = export(path, getattr(torch.onnx.TrainingMode, mode))
    layers = layers_of(path)
    assert [layer.name for layer in layers] == ["bn", "plain"]
    assert [(layer.eps.value, layer.momentum.value) for layer in layers] == [(1e-3, 0.07), (1e-5, 0.1)]
    assert [layer.training_mode for layer in layers] == [mode == "TRAINING"] * 2
    for layer, module in zip(layers, (network.bn, network.plain), strict=True):
        np.testing.assert_array_equal(layer.running_mean, module.running_mean.numpy(), strict=True)
        np.testing.assert_array_equal(layer.running_var, module.running_var.numpy(), strict=True)
    np.testing.assert_array_equal(layers[1].weight, np.ones(4, np.float32), strict=True)


def test_an_export_that_folds_says_so(path: Path) -> None:
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4)).eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(network, (torch.randn(2, 3, 8, 8),), str(path), dynamo=False)
    with pytest.raises(NoBatchNormLayers, match="1 Conv, 0 BatchNormalization: folded at export"):
        layers_of(path)
    completed = invoke("inspect", "checkpoint", path)
    assert (completed.exit_code, completed.stdout) == (3, "")
    assert completed.stderr.count("\n") == 2
    assert "hint: inspect the training checkpoint" in completed.stderr


def test_twins_of_one_published_model_agree_bit_for_bit() -> None:
    exported = layers_of(published("version-slim-320.onnx"))
    with open_named_arrays(published("version-slim-320.pth")) as arrays:
        trained = {layer.name: layer for layer in discover(arrays).layers}
    assert len(exported) == len(trained) == 25
    for layer in exported:
        for role in ROLES:
            assert getattr(layer, role).tobytes() == getattr(trained[layer.name], role).tobytes()


def test_every_tensor_of_a_published_model_is_that_of_onnxs_own_library() -> None:
    path = published("version-slim-320.onnx")
    with open_onnx(path) as arrays:
        stored = onnx.load(path).graph.initializer
        assert set(arrays.specs) == {tensor.name for tensor in stored}
        for tensor in stored:
            np.testing.assert_array_equal(arrays.read(tensor.name), numpy_helper.to_array(tensor), strict=True)

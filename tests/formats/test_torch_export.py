from __future__ import annotations

import io
import json
import warnings
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
import torch

from bncli.analysis.layer_discovery import discover
from bncli.core.batch_norm_layer import Setting
from bncli.core.named_arrays import Skipped
from bncli.errors import MalformedFile, NoBatchNormLayers, UnsafeFile, UnsupportedFormat
from bncli.formats.detection import open_named_arrays
from bncli.formats.torch_export import open_torch_export
from tests.helpers.hostile_files import call, text
from tests.helpers.torch_checkpoints import (
    DTYPES,
    UNTYPED_DTYPES,
    as_numpy,
    assert_same_bits,
    tensors_of_every_dtype,
    tensors_of_every_layout,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Net(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = torch.nn.Conv2d(2, 2, 1)
        self.plain = torch.nn.BatchNorm2d(2)
        self.odd = torch.nn.BatchNorm2d(2, eps=2.5e-3, momentum=0.03, affine=False)
        self.instance = torch.nn.InstanceNorm2d(2, track_running_stats=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        value: torch.Tensor = self.instance(self.odd(self.plain(self.conv(x))))
        return value


class Buffers(torch.nn.Module):
    """A module with tensors of any kind in its state."""

    def __init__(self, tensors: dict[str, torch.Tensor]) -> None:
        super().__init__()
        for name, values in tensors.items():
            if isinstance(values, torch.nn.Parameter):
                self.register_parameter(name, values)
            else:
                self.register_buffer(name, values)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + 1


def export(module: torch.nn.Module, path: Path, *, is_decomposed: bool = False) -> Path:
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # torch warns of its own code, and of views without the tensor that they are of.
        warnings.simplefilter("ignore", FutureWarning)
        warnings.simplefilter("ignore", UserWarning)
        program = torch.export.export(module, (torch.zeros(2, 2, 3, 3),))
        torch.export.save(program.run_decompositions() if is_decomposed else program, buffer)
    path.write_bytes(buffer.getvalue())
    return path


def rewritten(path: Path, change: Callable[[str, bytes], bytes | None], compression: int = zipfile.ZIP_STORED) -> Path:
    """Write the archive again, each member changed, or left out for `None`."""
    target_path = path.with_name("rewritten.pt2")
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target_path, "w", compression) as target:
        for member in source.namelist():
            content = change(member, source.read(member))
            if content is not None:
                target.writestr(member, content)
    return target_path


def with_config(path: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """Write the archive again, with one entry of the weights' configuration changed."""

    def change_member(member: str, content: bytes) -> bytes:
        if not member.endswith("model_weights_config.json"):
            return content
        parsed = json.loads(content)
        change(parsed["config"]["plain.running_mean"])
        return json.dumps(parsed).encode()

    return rewritten(path, change_member)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.pt2"


def test_arrays_of_every_dtype_come_back_bit_for_bit(path: Path) -> None:
    every = tensors_of_every_dtype(DTYPES + UNTYPED_DTYPES)
    tensors = {f"{name}_values": values for name, values in every.items()}
    with open_torch_export(export(Buffers(tensors), path)) as arrays:
        assert (set(arrays.specs), arrays.skipped) == (set(tensors), ())
        for name, values in tensors.items():
            assert arrays.specs[name].dtype == name.removesuffix("_values")
            assert_same_bits(arrays.read(name), as_numpy(values))


def test_arrays_of_every_layout_come_back_bit_for_bit(path: Path) -> None:
    tensors = {name: values for name, values in tensors_of_every_layout().items() if "empty" not in name}
    with open_torch_export(export(Buffers(tensors), path)) as arrays:
        for name, values in tensors.items():
            assert_same_bits(arrays.read(name), as_numpy(values))


@pytest.mark.parametrize("is_decomposed", [False, True])
def test_settings_and_classes_come_from_the_graph(path: Path, *, is_decomposed: bool) -> None:
    with open_named_arrays(export(Net().eval(), path, is_decomposed=is_decomposed)) as arrays:
        assert arrays.format == "torch-export"
        checkpoint = discover(arrays)
    plain, odd = checkpoint.layers
    assert (plain.name, plain.eps, plain.momentum) == ("plain", Setting(1e-5, "stored"), Setting(0.1, "stored"))
    assert (odd.name, odd.eps, odd.momentum) == ("odd", Setting(2.5e-3, "stored"), Setting(0.03, "stored"))
    assert odd.weight is None
    assert {layer.class_name for layer in checkpoint.layers} == {"torch.nn.modules.batchnorm.BatchNorm2d"}
    assert plain.num_batches_tracked == 0
    assert not plain.training_mode
    assert checkpoint.skipped == (Skipped("instance", "is InstanceNorm2d, not batch normalization"),)


@pytest.mark.parametrize("is_decomposed", [False, True])
def test_a_program_exported_in_train_mode_says_so(path: Path, *, is_decomposed: bool) -> None:
    with open_torch_export(export(Net().train(), path, is_decomposed=is_decomposed)) as arrays:
        layers = discover(arrays).layers
    assert all(layer.training_mode for layer in layers)
    assert [layer.momentum for layer in layers] == [Setting(0.1, "stored"), Setting(0.03, "stored")]


def test_torch_exports_no_cumulative_average_in_train_mode_that_a_number_could_stand_for() -> None:
    layer = torch.nn.BatchNorm1d(3, momentum=None).train()
    with pytest.raises(Exception, match="data-dependent"):
        torch.export.export(layer, (torch.randn(4, 3),))


def test_the_momentum_of_a_cumulative_average_is_lost_in_the_graph(path: Path) -> None:
    net = torch.nn.Sequential(torch.nn.BatchNorm2d(2, eps=1e-9, momentum=None)).eval()
    with open_torch_export(export(net, path)) as arrays:
        (layer,) = discover(arrays).layers
    assert (layer.eps, layer.momentum.source) == (Setting(1e-9, "stored"), "assumed")


def test_a_program_without_batch_normalization_says_where_it_may_have_gone(path: Path) -> None:
    net = torch.nn.Sequential(torch.nn.Conv2d(2, 2, 1), torch.nn.Conv2d(2, 2, 1))
    with (
        open_torch_export(export(net, path)) as arrays,
        pytest.raises(NoBatchNormLayers, match="2 convolutions, 0 bat"),
    ):
        discover(arrays)


def test_only_the_graph_and_what_is_asked_for_is_read(path: Path) -> None:
    export(torch.nn.Sequential(torch.nn.Conv2d(2, 2, 400, padding=200), torch.nn.BatchNorm2d(2)).eval(), path)
    with open_torch_export(path) as arrays:
        discover(arrays)
        assert arrays.bytes_read < 50_000 < arrays.size_bytes


def as_before_torch_2_8(path: Path, state: bytes, name: str = "serialized_state_dict.pt") -> Path:
    """Write the graph of an archive as older releases laid it out, beside a state dict of theirs."""
    with zipfile.ZipFile(path) as source:
        graph = next(source.read(member) for member in source.namelist() if member.endswith("models/model.json"))
    old = path.with_name("old.pt2")
    with zipfile.ZipFile(old, "w") as target:
        for member, content in (("serialized_exported_program.json", graph), (name, state), ("version", b"5.1")):
            target.writestr(member, content)
    return old


@pytest.mark.parametrize("member", ["serialized_state_dict.pt", "serialized_state_dict.json"])
def test_an_older_program_has_its_weights_in_a_torch_zip(path: Path, member: str) -> None:
    net = Net().eval()
    buffer = io.BytesIO()
    torch.save(net.state_dict(), buffer)
    old = as_before_torch_2_8(export(net, path), buffer.getvalue(), member)
    with open_named_arrays(old) as arrays:
        assert arrays.format == "torch-export"
        for name, values in net.state_dict().items():
            assert_same_bits(arrays.read(name), as_numpy(values))
        assert [layer.eps.value for layer in discover(arrays).layers] == [1e-5, 2.5e-3]


def test_the_pickle_of_an_older_program_that_would_run_something_is_unsafe(path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02" + call("os.system", text("ls")) + b".")
    old = as_before_torch_2_8(export(Net(), path), buffer.getvalue())
    with pytest.raises(UnsafeFile, match=r"os\.system"):
        open_torch_export(old)


def test_pickles_in_a_program_are_not_read(path: Path) -> None:
    def spoil(member: str, content: bytes) -> bytes:
        return call("os.system", text("ls")) + b"." if "sample_inputs" in member else content

    with open_torch_export(rewritten(export(Net(), path), spoil)) as arrays:
        assert "plain.running_mean" in arrays.specs
    changed = with_config(path, lambda entry: entry.update(use_pickle=True))
    with open_torch_export(changed) as arrays:
        reason = "was saved as a pickle of its own, as tensors without plain bytes are"
        assert arrays.skipped == (Skipped("plain.running_mean", reason),)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param(lambda entry: entry.update(path_name="../../etc/passwd"), "lacks the member", id="path"),
        pytest.param(lambda entry: entry.update(path_name="weight_99"), "lacks the member", id="missing"),
        pytest.param(lambda entry: entry["tensor_meta"].update(sizes=[{"as_int": 99}]), "396 bytes", id="too long"),
        pytest.param(lambda entry: entry["tensor_meta"].update(sizes=[{"as_int": -1}]), "negative", id="negative"),
        pytest.param(lambda entry: entry["tensor_meta"].update(sizes=[{"as_int": True}]), "integer", id="boolean"),
        pytest.param(lambda entry: entry["tensor_meta"].update(sizes=[{"as_int": 2.0}]), "integer", id="float"),
        pytest.param(lambda entry: entry["tensor_meta"].update(sizes=[{"as_expr": "s0"}]), "as_int", id="symbol"),
        pytest.param(lambda entry: entry["tensor_meta"].update(strides=[{"as_int": 2**70}]), "bytes", id="stride"),
        pytest.param(lambda entry: entry["tensor_meta"].update(storage_offset={"as_int": 9}), "44 bytes", id="offset"),
        pytest.param(lambda entry: entry.pop("tensor_meta"), "tensor_meta", id="no description"),
    ],
)
def test_a_weight_that_lies_about_its_memory_is_refused(
    path: Path, change: Callable[[dict[str, Any]], object], message: str
) -> None:
    with pytest.raises(MalformedFile, match=f"broken as an exported program: .*{message}"):
        open_torch_export(with_config(export(Net(), path), change))


def test_kinds_of_weights_that_are_not_read_are_listed(path: Path) -> None:
    export(Net(), path)
    for change, reason in (
        ({"layout": 1}, "a sparse or opaque tensor"),
        ({"dtype": 9}, "its element type number 9 is not one that bncli reads"),
    ):
        changed = with_config(path, lambda entry, change=change: entry["tensor_meta"].update(change))
        with open_torch_export(changed) as arrays:
            assert arrays.skipped == (Skipped("plain.running_mean", reason),)


@pytest.mark.parametrize(
    "graph",
    [b"", b"[]", b"{}", b"null", b'{"graph_module": 3}', b"[" * 100_000, b"\xff", b'{"graph_module": {"graph": {}}}'],
)
def test_a_graph_that_is_none_is_refused(path: Path, graph: bytes) -> None:
    changed = rewritten(
        export(Net(), path), lambda member, content: graph if member.endswith("model.json") else content
    )
    with pytest.raises(MalformedFile, match="broken as an exported program"):
        open_torch_export(changed)


def test_a_graph_that_inflates_like_a_bomb_is_refused(path: Path) -> None:
    bomb = b" " * (16 << 20)
    changed = rewritten(
        export(Net(), path),
        lambda member, content: bomb if member.endswith("model.json") else content,
        zipfile.ZIP_DEFLATED,
    )
    with pytest.raises(MalformedFile, match="claims 16777216 bytes"):
        open_torch_export(changed)


def test_a_package_without_a_program_is_explained(path: Path) -> None:
    changed = rewritten(export(Net(), path), lambda member, content: None if "models/" in member else content)
    with pytest.raises(UnsupportedFormat, match="package of torch without an exported program"):
        open_named_arrays(changed)


def test_two_programs_in_one_package_are_one_too_many(path: Path) -> None:
    changed = rewritten(export(Net(), path), lambda _, content: content)
    with zipfile.ZipFile(changed, "a") as archive:
        root = archive.namelist()[0].split("/")[0]
        archive.writestr(f"{root}/models/second.json", b"{}")
    with pytest.raises(MalformedFile, match="2 programs"):
        open_torch_export(changed)

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from bncli.analysis.layer_discovery import discover
from bncli.core.batch_norm_layer import Setting
from bncli.core.named_arrays import Skipped
from bncli.errors import InputNotFound, MalformedFile, UnsafeFile, UnsupportedFormat
from bncli.formats.detection import open_named_arrays
from tests.helpers.published_checkpoints import published
from tests.helpers.tensorflow_files import entry, header, node, saved_model, table, write_bundle

if TYPE_CHECKING:
    from pathlib import Path

LAYER = {
    "bn/beta": np.linspace(-1, 1, 4, dtype=np.float32),
    "bn/gamma": np.linspace(1, 2, 4, dtype=np.float32),
    "bn/moving_mean": np.linspace(-2, 2, 4, dtype=np.float32),
    "bn/moving_variance": np.linspace(0.5, 3, 4, dtype=np.float32),
}


def write_saved_model(folder: Path, *nodes: bytes) -> Path:
    (folder / "variables").mkdir(parents=True)
    write_bundle(folder / "variables" / "variables.index", LAYER)
    graph = folder / "saved_model.pb"
    graph.write_bytes(saved_model(*nodes))
    return graph


def test_a_checkpoint_of_keras_3_names_its_layers_in_the_graph_of_objects(tmp_path: Path) -> None:
    keys = {name: f"variables/{number}/.ATTRIBUTES/VARIABLE_VALUE" for number, name in enumerate(LAYER)}
    arrays = {keys[name]: values for name, values in LAYER.items()}
    write_bundle(tmp_path / "model.index", arrays, {key: name for name, key in keys.items()})
    with open_named_arrays(tmp_path / "model.index") as opened:
        assert list(opened.specs) == list(LAYER)
        (layer,) = discover(opened).layers
    np.testing.assert_array_equal(layer.running_var, LAYER["bn/moving_variance"], strict=True)
    assert (layer.name, layer.framework, layer.eps) == ("bn", "keras", Setting(1e-3, "assumed"))


def test_a_saved_model_is_opened_by_its_graph_which_tells_the_epsilon(tmp_path: Path) -> None:
    path = write_saved_model(tmp_path / "m", node("net/bn/FusedBatchNormV3", "FusedBatchNormV3", epsilon=2e-3))
    with open_named_arrays(path) as opened:
        assert (opened.path, opened.format) == (path, "tf-bundle")
        (layer,) = discover(opened).layers
    assert layer.eps == Setting(0.002, "stored")


def test_values_under_a_second_name_are_read_as_tools_that_spare_disk_leave_them(tmp_path: Path) -> None:
    write_bundle(tmp_path / "model.index", LAYER)
    (values,) = tmp_path.glob("model.data-*")
    (tmp_path / "stored").hardlink_to(values)
    with open_named_arrays(tmp_path / "model.index") as opened:
        (layer,) = discover(opened).layers
    np.testing.assert_array_equal(layer.running_var, LAYER["bn/moving_variance"], strict=True)


def test_a_saved_model_is_opened_by_its_folder_as_by_its_graph(tmp_path: Path) -> None:
    graph = write_saved_model(tmp_path / "m", node("bn/FusedBatchNormV3", "FusedBatchNormV3", epsilon=2e-3))
    with open_named_arrays(graph) as by_graph, open_named_arrays(graph.parent) as by_folder:
        assert by_folder.path == graph.parent
        assert (by_folder.specs, by_folder.hints) == (by_graph.specs, by_graph.hints)
        assert by_folder.size_bytes == sum(file.stat().st_size for file in graph.parent.rglob("*") if file.is_file())


def test_a_folder_of_one_checkpoint_is_opened_and_one_of_several_asks_which(tmp_path: Path) -> None:
    write_bundle(tmp_path / "step-1.index", LAYER)
    (tmp_path / "checkpoint").write_text('model_checkpoint_path: "step-1"')
    with open_named_arrays(tmp_path) as opened:
        assert set(opened.specs) == set(LAYER)
    write_bundle(tmp_path / "step-2.index", LAYER)
    with pytest.raises(UnsupportedFormat, match="is a directory") as caught:
        open_named_arrays(tmp_path)
    assert str(caught.value.hint).endswith(f"such as {tmp_path / 'step-1.index'}")


def test_the_graph_of_a_saved_model_without_variables_is_no_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "saved_model.pb"
    path.write_bytes(saved_model())
    with pytest.raises(UnsupportedFormat):
        open_named_arrays(path)


def test_averaged_variables_are_layers_beside_the_trained_ones(tmp_path: Path) -> None:
    averages = {f"{name}/ExponentialMovingAverage": values + 1 for name, values in LAYER.items()}
    write_bundle(tmp_path / "x.index", LAYER | averages)
    with open_named_arrays(tmp_path / "x.index") as opened:
        trained, averaged = discover(opened).layers
    assert [trained.name, averaged.name] == ["bn", "bn/ExponentialMovingAverage"]
    np.testing.assert_array_equal(averaged.running_mean, trained.running_mean + 1)
    np.testing.assert_array_equal(averaged.weight, trained.weight + 1)


def test_text_is_passed_over_and_a_tensor_in_slices_is_told(tmp_path: Path) -> None:
    whole = entry(1, (4, 4), 0, 0) + b"\x3a\0"
    entries = {b"": header(), b"\0\x80slice": entry(1, (2, 4), 0, 32), b"text": entry(7, (1,), 0, 9), b"w": whole}
    (tmp_path / "x.index").write_bytes(table(entries))
    with open_named_arrays(tmp_path / "x.index") as opened:
        assert dict(opened.specs) == {}
        assert opened.skipped == (Skipped("w", "is stored in slices"),)


def test_values_may_lie_in_several_files(tmp_path: Path) -> None:
    entries = {b"": header(2), b"a": entry(1, (1,), 0, 4), b"b": entry(1, (1,), 4, 4, shard=1)}
    (tmp_path / "x.index").write_bytes(table(entries))
    (tmp_path / "x.data-00000-of-00002").write_bytes(np.float32([1]).tobytes())
    (tmp_path / "x.data-00001-of-00002").write_bytes(np.float32([2, 3]).tobytes())
    with open_named_arrays(tmp_path / "x.index") as opened:
        assert [opened.read(name).tolist() for name in ("a", "b")] == [[1], [3]]
        assert opened.size_bytes == sum(path.stat().st_size for path in tmp_path.iterdir())


def test_a_data_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    write_bundle(tmp_path / "x.index", LAYER)
    (tmp_path / "x.data-00000-of-00001").unlink()
    with (
        open_named_arrays(tmp_path / "x.index") as opened,
        pytest.raises(InputNotFound, match="x.data-00000-of-00001"),
    ):
        opened.read("bn/gamma")


def test_a_data_file_that_leads_elsewhere_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    write_bundle(folder / "x.index", LAYER)
    elsewhere = tmp_path / "secret"
    (folder / "x.data-00000-of-00001").rename(elsewhere)
    (folder / "x.data-00000-of-00001").symlink_to(elsewhere)
    with open_named_arrays(folder / "x.index") as opened, pytest.raises(UnsafeFile, match="leads out"):
        opened.read("bn/gamma")


@pytest.mark.parametrize(
    "entries",
    [
        {b"": header(), b"w": entry(1, (2**40, 2**40), 0, 2**62)},
        {b"": header(), b"w": entry(1, (4,), 0, 16, shard=1)},
        {b"": header(), b"\xff": entry(1, (4,), 0, 16)},
        {b"w": entry(1, (4,), 0, 16)},
    ],
)
def test_an_index_that_contradicts_itself_is_refused(tmp_path: Path, entries: dict[bytes, bytes]) -> None:
    (tmp_path / "x.index").write_bytes(table({b"": header()} | entries if b"" in entries else entries))
    with pytest.raises((MalformedFile, UnsupportedFormat)):
        open_named_arrays(tmp_path / "x.index")


def test_every_changed_byte_of_an_index_is_refused_or_gives_arrays(tmp_path: Path) -> None:
    path = tmp_path / "x.index"
    write_bundle(path, LAYER, {"bn/gamma": "gamma"})
    content = path.read_bytes()
    refused = 0
    for at in range(len(content)):
        path.write_bytes(content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :])
        try:
            with open_named_arrays(path) as opened:
                for name in opened.specs:
                    opened.read(name)
        except (MalformedFile, UnsupportedFormat, InputNotFound):
            refused += 1
    assert refused > len(content) / 2


@pytest.mark.parametrize("name", ["", "saved_model.pb", "variables", "variables/variables.index"])
def test_a_published_saved_model_has_nine_layers(name: str) -> None:
    with open_named_arrays(published("kws_saved_model") / name) as opened:
        checkpoint = discover(opened)
        assert opened.skipped == ()
    assert [layer.name for layer in checkpoint.layers] == [
        "batch_normalization", *(f"batch_normalization_{number}" for number in range(1, 9))
    ]  # fmt: skip
    source = "assumed" if "variables" in name else "stored"
    assert {layer.eps for layer in checkpoint.layers} == {Setting(1e-3, source)}
    assert all(layer.num_features == 64 and layer.running_var.min() > 0 for layer in checkpoint.layers)

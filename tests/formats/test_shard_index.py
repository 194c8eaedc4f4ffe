from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from bncli.analysis.layer_discovery import discover
from bncli.core.named_arrays import Skipped
from bncli.errors import MalformedFile, UnsafeFile, UnsupportedFormat
from bncli.formats.detection import open_named_arrays
from bncli.formats.shard_index import open_safetensors_index, open_torch_index
from tests.helpers.hostile_files import call, dictionary, tensor, text, write_torch_zip
from tests.helpers.shard_indexes import write_index
from tests.helpers.torch_checkpoints import as_numpy, assert_same_bits

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NET = torch.nn.Sequential(
    torch.nn.Conv2d(3, 4, 1),
    torch.nn.BatchNorm2d(4),
    torch.nn.Conv2d(4, 4, 1),
    torch.nn.BatchNorm2d(4),
    torch.nn.Linear(4, 4),
)
GROUPS = (("0", "2"), ("1",), ("3",), ("4",))
"""Modules in each file: convolutions, the two layers apart, and the rest."""


def write_checkpoint(folder: Path, suffix: str, save: Callable[[Any, Path], object]) -> Path:
    """Write the net in four files and return their index."""
    folder.mkdir(exist_ok=True, parents=True)
    weight_map = {}
    for number, modules in enumerate(GROUPS):
        held = {name: values for name, values in NET.state_dict().items() if name.split(".")[0] in modules}
        file = f"model-{number}-of-4.{suffix}"
        save(held, folder / file)
        weight_map |= dict.fromkeys(held, file)
    return write_index(folder, weight_map, f"model.{suffix}.index.json")


def save_legacy(held: Any, path: Path) -> None:
    torch.save(held, path, _use_new_zipfile_serialization=False)


KINDS: dict[str, tuple[str, Callable[[Any, Path], object], str]] = {
    "safetensors": ("safetensors", save_file, "safetensors-index"),
    "torch-zip": ("bin", torch.save, "torch-index"),
    "torch-legacy": ("bin", save_legacy, "torch-index"),
}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> tuple[str, Callable[[Any, Path], object], str]:
    return KINDS[request.param]


def test_every_array_comes_back_from_whichever_file_it_is_in(tmp_path: Path, kind: Any) -> None:
    suffix, save, format_name = kind
    path = write_checkpoint(tmp_path, suffix, save)
    with open_named_arrays(path) as arrays:
        assert (arrays.format, arrays.path, arrays.skipped) == (format_name, path, ())
        assert set(arrays.specs) == set(NET.state_dict())
        for name, values in NET.state_dict().items():
            assert_same_bits(arrays.read(name), as_numpy(values))


def test_only_files_that_hold_a_layer_are_opened(tmp_path: Path, kind: Any) -> None:
    suffix, save, _ = kind
    path = write_checkpoint(tmp_path, suffix, save)
    for number in (0, 3):
        # Whoever looks into these is found out.
        (tmp_path / f"model-{number}-of-4.{suffix}").write_bytes(b"not a checkpoint")
    with open_named_arrays(path) as arrays:
        layers = discover(arrays).layers
    assert [layer.name for layer in layers] == ["1", "3"]
    np.testing.assert_array_equal(layers[1].weight, np.ones(4))


def test_a_file_that_is_not_there_is_named_and_the_layers_of_the_others_are_shown(tmp_path: Path, kind: Any) -> None:
    suffix, save, _ = kind
    path = write_checkpoint(tmp_path, suffix, save)
    (tmp_path / f"model-2-of-4.{suffix}").unlink()
    with open_named_arrays(path) as arrays:
        checkpoint = discover(arrays)
    assert [layer.name for layer in checkpoint.layers] == ["1"]
    assert checkpoint.skipped == (Skipped(f"model-2-of-4.{suffix}", "is not there; 5 arrays should be in it"),)


def test_a_folder_is_its_index_and_of_two_that_of_safetensors(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, "bin", torch.save)
    with open_named_arrays(tmp_path) as arrays:
        assert (arrays.format, arrays.path) == ("torch-index", tmp_path)
    write_checkpoint(tmp_path, "safetensors", save_file)
    with open_named_arrays(tmp_path) as arrays:
        assert arrays.format == "safetensors-index"
        assert len(discover(arrays).layers) == 2


def test_a_folder_of_several_indexes_is_refused_and_they_are_named(tmp_path: Path) -> None:
    for name in ("b", "a", "c"):
        save_file({"bn.running_mean": torch.ones(2)}, tmp_path / f"{name}.safetensors")
        write_index(tmp_path, {"bn.running_mean": f"{name}.safetensors"}, f"{name}.safetensors.index.json")
    names = "a.safetensors.index.json, b.safetensors.index.json, c.safetensors.index.json"
    with pytest.raises(UnsupportedFormat, match=f"holds 3 indexes of shards: {names}") as refusal:
        open_named_arrays(tmp_path)
    assert refusal.value.hint == "name the one that you mean"


def test_brackets_in_names_do_not_count_as_nesting(tmp_path: Path) -> None:
    names = [f"{{blocks[{n}]" if n == 0 else f'{{blocks["{n}\\"]' for n in range(600)]
    kinds = ("running_mean", "running_var")
    state = {f"{name}.{kind}": torch.full((2,), 1.0 + n) for n, name in enumerate(names) for kind in kinds}
    save_file(state, tmp_path / "m.safetensors")
    with open_named_arrays(write_index(tmp_path, dict.fromkeys(state, "m.safetensors"))) as arrays:
        checkpoint = discover(arrays)
    assert len(checkpoint.layers) == 600
    assert all(layer.running_var.tolist() == [1.0 + n] * 2 for n, layer in enumerate(checkpoint.layers))


def test_the_links_of_the_hubs_cache_keep_working(tmp_path: Path) -> None:
    written = write_checkpoint(tmp_path / "plain", "safetensors", save_file)
    model = tmp_path / "hub" / "models--someone--net"
    blobs, snapshot = model / "blobs", model / "snapshots" / "0123abcd"
    blobs.mkdir(parents=True)
    snapshot.mkdir(parents=True)
    for number, file in enumerate(written.parent.iterdir()):
        file.rename(blobs / f"{number:064x}")
        (snapshot / file.name).symlink_to(f"../../blobs/{number:064x}")
    for path in (snapshot / written.name, snapshot):
        with open_named_arrays(path) as arrays:
            assert len(discover(arrays).layers) == 2


@pytest.mark.parametrize("location", ["../secret", "/etc/passwd", "a\0", "C:a", "..\\a", "", "link", ".", "pipe"])
def test_a_file_outside_of_the_folder_is_never_opened(tmp_path: Path, location: str) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    save_file({"bn.running_mean": torch.ones(1)}, tmp_path / "secret")
    (folder / "link").symlink_to("../secret")
    os.mkfifo(folder / "pipe")
    for name, open_index in (("i.safetensors", open_safetensors_index), ("i.bin", open_torch_index)):
        path = write_index(folder, {"bn.running_mean": location}, f"{name}.index.json")
        with pytest.raises(UnsafeFile):
            open_index(path)


def test_a_shard_is_never_another_index(tmp_path: Path) -> None:
    path = write_index(tmp_path, {"bn.running_mean": "model.safetensors.index.json"})
    with open_safetensors_index(path) as arrays, pytest.raises(UnsupportedFormat, match="neither of safetensors nor"):
        arrays.read("bn.running_mean")


def test_a_shard_that_lacks_its_array_is_told_with_the_index(tmp_path: Path) -> None:
    save_file({"a": torch.ones(1)}, tmp_path / "x.safetensors")
    path = write_index(tmp_path, {"a": "x.safetensors", "bn.running_mean": "x.safetensors"})
    with (
        open_named_arrays(path) as arrays,
        pytest.raises(MalformedFile, match=r"index\.json: says that array 'bn\.run"),
    ):
        discover(arrays)


def test_a_shard_that_would_run_a_program_is_unsafe(tmp_path: Path) -> None:
    write_torch_zip(tmp_path / "x.bin", dictionary(a=tensor(), b=call("os.system", text("ls"))))
    path = write_index(tmp_path, {"a": "x.bin"}, "pytorch_model.bin.index.json")
    with open_named_arrays(path) as arrays, pytest.raises(UnsafeFile, match=r"os\.system"):
        arrays.read("a")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b'{"weight_map": {"a": "x.bin"}', id="cut short"),
        pytest.param(b'{"weight_map": {"a": "x.bin", "a": "y.bin"}}', id="a name twice"),
        pytest.param(b'{"weight_map": {"a": "x.bin"}, "weight_map": {"a": "y.bin"}}', id="two maps"),
        pytest.param(b'{"weight_map": {"a": "x.bin", "b": 1}}', id="a number for a file"),
        pytest.param(b'{"weight_map": {"a": "x.bin", "b": {"c": "x.bin"}}}', id="a map in the map"),
        pytest.param(b'{"weight_map": {"a": "x.bin"}, "x": ' + b"[" * 200_000, id="deep"),
        pytest.param(b'{"weight_map": {"a": "x.bin"}, "x": "' + b'\\"' * 4_000_000, id="text without end"),
        pytest.param(b'{"weight_map": {"a": "x.bin"}, "x": ' + b"9" * 200_000 + b"}", id="long number"),
        pytest.param(b'{"weight_map": {"a": "x.bin"}, "\xff": 1}', id="not UTF-8"),
        pytest.param(b'{"weight_map": {"a": "x.bin"}, "x": {}' * 400 + b"}", id="many objects"),
    ],
)
def test_an_index_that_is_broken_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "index"
    path.write_bytes(content)
    with pytest.raises(MalformedFile, match="broken as an index of shards"):
        open_named_arrays(path)


def test_an_index_that_is_far_too_large_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "index"
    path.write_bytes(b'{"weight_map": {"a": "x.bin"}}')
    os.truncate(path, 17 << 20)
    with pytest.raises(MalformedFile, match="17825792 bytes"):
        open_named_arrays(path)


def test_an_index_of_far_too_many_files_is_refused(tmp_path: Path) -> None:
    path = write_index(tmp_path, {f"a{number}": f"x{number}.bin" for number in range(10_001)})
    with pytest.raises(MalformedFile, match="10001 files"):
        open_named_arrays(path)


@pytest.mark.parametrize("content", [b'{"weight_map": {}}', b'{"a": 1}', b'["weight_map"]', b'{"weight_map": ["a"]}'])
def test_another_json_text_is_no_index(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "index.json"
    path.write_bytes(content)
    with pytest.raises(UnsupportedFormat, match="is a JSON text"):
        open_named_arrays(path)

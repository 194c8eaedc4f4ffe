from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from bncli.analysis.layer_discovery import discover
from bncli.core.batch_norm_layer import Setting
from bncli.errors import BncliError, MalformedFile, UnsafeFile, UnsupportedFormat
from bncli.formats.detection import open_named_arrays
from tests.helpers.orbax_folders import write_orbax

if TYPE_CHECKING:
    from pathlib import Path

VALUES = np.linspace(0.5, 2, 4, dtype=np.float32)
LINEN = {
    "batch_stats.block.bn.mean": VALUES,
    "batch_stats.block.bn.var": VALUES + 1,
    "params.block.bn.bias": VALUES + 2,
    "params.block.bn.scale": VALUES + 3,
}
NNX = {f"block.bn.{leaf}.value": VALUES + number for number, leaf in enumerate(("mean", "var", "bias", "scale"))}


@pytest.mark.parametrize("is_ocdbt", [False, True])
@pytest.mark.parametrize("arrays", [LINEN, NNX])
def test_layers_of_both_apis_of_flax_are_found(tmp_path: Path, arrays: dict[str, np.ndarray], is_ocdbt: bool) -> None:
    write_orbax(tmp_path / "c", arrays, is_ocdbt=is_ocdbt)
    with open_named_arrays(tmp_path / "c") as opened:
        assert (opened.path, opened.format) == (tmp_path / "c", "orbax")
        (layer,) = discover(opened).layers
    assert (layer.name, layer.framework) == ("block.bn", "flax")
    for number, role in enumerate(("running_mean", "running_var", "bias", "weight")):
        np.testing.assert_array_equal(getattr(layer, role), VALUES + number, strict=True)
    assert (layer.eps, layer.momentum) == (Setting(1e-5, "assumed"), Setting(0.01, "assumed"))


def test_a_norm_without_statistics_is_no_layer(tmp_path: Path) -> None:
    write_orbax(tmp_path, {"ln.scale.value": VALUES, "x.mean.value": VALUES, **NNX})
    with open_named_arrays(tmp_path) as opened:
        assert [layer.name for layer in discover(opened).layers] == ["block.bn"]


def test_the_folder_of_a_step_is_opened_by_its_only_item(tmp_path: Path) -> None:
    write_orbax(tmp_path / "7" / "default", LINEN)
    (tmp_path / "7" / "_CHECKPOINT_METADATA").write_text("{}")
    with open_named_arrays(tmp_path / "7") as opened:
        assert len(discover(opened).layers) == 1
        assert opened.size_bytes == sum(file.stat().st_size for file in tmp_path.rglob("*") if file.is_file())
    write_orbax(tmp_path / "7" / "other", LINEN)
    with pytest.raises(UnsupportedFormat, match="is a directory"):
        open_named_arrays(tmp_path / "7")


def test_old_folders_without_a_mark_are_known_by_their_arrays(tmp_path: Path) -> None:
    write_orbax(tmp_path, LINEN)
    (tmp_path / "_METADATA").unlink()
    with open_named_arrays(tmp_path) as opened:
        assert opened.format == "orbax"


def test_a_chunk_that_lies_elsewhere_is_not_read(tmp_path: Path) -> None:
    folder = tmp_path / "c"
    write_orbax(folder, LINEN)
    chunk = folder / "params.block.bn.bias" / "0"
    chunk.rename(tmp_path / "secret")
    chunk.symlink_to(tmp_path / "secret")
    with pytest.raises(UnsafeFile, match="leads out"):
        open_named_arrays(folder)


def test_every_changed_byte_of_a_store_is_refused_or_gives_arrays(tmp_path: Path) -> None:
    write_orbax(tmp_path, {"a.mean": VALUES}, is_ocdbt=True)
    manifest = tmp_path / "manifest.ocdbt"
    content = manifest.read_bytes()
    for at in range(len(content)):
        manifest.write_bytes(content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :])
        with pytest.raises(BncliError):
            open_named_arrays(tmp_path)


def test_a_broken_chunk_is_an_error_that_names_the_array(tmp_path: Path) -> None:
    write_orbax(tmp_path, LINEN)
    (tmp_path / "params.block.bn.bias" / "0").write_bytes(b"x" * 9)
    with open_named_arrays(tmp_path) as opened, pytest.raises(MalformedFile, match=r"array 'params\.block\.bn\.bias'"):
        opened.read("params.block.bn.bias")

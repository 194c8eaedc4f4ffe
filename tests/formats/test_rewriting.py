from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from bncli.errors import UnsupportedFormat
from bncli.formats.detection import open_named_arrays
from bncli.formats.opened_file import OpenedFile
from bncli.formats.rewriting import patches_of, rewritten

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

DTYPES = [torch.float64, torch.float32, torch.float16, torch.bfloat16]
VALUES = np.array([1 / 3, -1e-3, 1e-7])


def content_of(path: Path, values: Mapping[str, NDArray[np.float64]]) -> bytes:
    with open_named_arrays(path) as arrays:
        assert isinstance(arrays, OpenedFile)
        patches = patches_of(arrays, values)
        return b"".join(rewritten(path, arrays.format, patches))


def state_dict() -> dict[str, torch.Tensor]:
    names = {f"x.{dtype}": torch.full((3,), 7.0, dtype=dtype) for dtype in DTYPES}
    return {"before": torch.arange(5), **names, "after": torch.randn(4, 2)}


@pytest.mark.parametrize("suffix", ["pt", "safetensors"])
def test_new_values_are_rounded_once_and_everything_else_stays(suffix: str, tmp_path: Path) -> None:
    path, tensors = tmp_path / f"model.{suffix}", state_dict()
    if suffix == "pt":
        torch.save(tensors, path)
    else:
        save_file(tensors, path, {"note": "kept"})
    copy = tmp_path / f"copy.{suffix}"
    copy.write_bytes(content_of(path, {f"x.{dtype}": VALUES for dtype in DTYPES}))
    loaded = torch.load(copy) if suffix == "pt" else load_file(copy)
    for dtype in DTYPES:
        assert torch.equal(loaded[f"x.{dtype}"], torch.from_numpy(VALUES).to(dtype))
    assert torch.equal(loaded["after"], tensors["after"])
    assert torch.equal(loaded["before"], tensors["before"])


def test_a_copy_without_changes_is_the_same_bytes(tmp_path: Path) -> None:
    torch.save(state_dict(), tmp_path / "model.pt")
    assert content_of(tmp_path / "model.pt", {}) == (tmp_path / "model.pt").read_bytes()


def test_a_safetensors_file_changes_in_the_bytes_of_the_array_alone(tmp_path: Path) -> None:
    save_file(state_dict(), tmp_path / "m")
    before, after = (tmp_path / "m").read_bytes(), content_of(tmp_path / "m", {"x.torch.float32": VALUES})
    changed = [at for at, (old, new) in enumerate(zip(before, after, strict=True)) if old != new]
    assert changed
    assert changed[-1] - changed[0] < 12


def test_tensors_that_share_a_storage_change_in_their_own_part(tmp_path: Path) -> None:
    storage = torch.zeros(8)
    torch.save({"a": storage[:3], "b": storage[3:6]}, tmp_path / "m.pt")
    (tmp_path / "copy.pt").write_bytes(content_of(tmp_path / "m.pt", {"b": VALUES}))
    loaded = torch.load(tmp_path / "copy.pt")
    assert loaded["a"].tolist() == [0, 0, 0]
    assert torch.equal(loaded["b"], torch.from_numpy(VALUES).float())
    with zipfile.ZipFile(tmp_path / "copy.pt") as archive:
        assert archive.testzip() is None


def test_formats_that_cannot_be_rewritten_are_told(tmp_path: Path) -> None:
    np.savez(tmp_path / "m.npz", x=np.zeros(3))
    with pytest.raises(UnsupportedFormat, match="a npz file cannot be rewritten"):
        content_of(tmp_path / "m.npz", {"x": VALUES})


def test_arrays_that_lie_scattered_or_hold_integers_are_named(tmp_path: Path) -> None:
    torch.save({"stepped": torch.zeros(9)[::3], "counter": torch.zeros(3, dtype=torch.int64)}, tmp_path / "m.pt")
    with pytest.raises(UnsupportedFormat, match="'stepped' cannot be rewritten: its bytes are compressed or scattered"):
        content_of(tmp_path / "m.pt", {"stepped": VALUES})
    with pytest.raises(UnsupportedFormat, match="'counter' cannot be rewritten: int64"):
        content_of(tmp_path / "m.pt", {"counter": VALUES})


def test_a_member_that_is_deflated_is_refused(tmp_path: Path) -> None:
    torch.save({"x": torch.zeros(3)}, tmp_path / "m.pt")
    with (
        zipfile.ZipFile(tmp_path / "m.pt") as old,
        zipfile.ZipFile(tmp_path / "d.pt", "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, old.read(name))
    with pytest.raises(UnsupportedFormat, match="compressed or scattered"):
        content_of(tmp_path / "d.pt", {"x": VALUES})

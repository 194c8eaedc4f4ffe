from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from bncli.core.named_arrays import Skipped
from bncli.errors import MissingDependency
from bncli.formats.zarr_store.store import ZarrStore
from tests.helpers.orbax_folders import write_orbax

if TYPE_CHECKING:
    from pathlib import Path

ARRAYS: dict[str, np.ndarray[Any, Any]] = {
    "params.w": np.arange(12, dtype=np.float32).reshape(3, 4),
    "params.half": np.linspace(0, 1, 5, dtype=np.float16),
    "step": np.array(7, np.int64),
    "zeros": np.zeros(3),
}


@pytest.mark.parametrize("is_ocdbt", [False, True])
@pytest.mark.parametrize("driver", ["zarr", "zarr3"])
def test_arrays_come_back_from_every_layout(tmp_path: Path, driver: str, is_ocdbt: bool) -> None:
    write_orbax(tmp_path, ARRAYS, is_ocdbt=is_ocdbt, driver=driver)
    store = ZarrStore(tmp_path, tmp_path, 1)
    assert list(store.arrays) == sorted(ARRAYS)
    described = store.bytes_read
    for name, values in ARRAYS.items():
        np.testing.assert_array_equal(store.arrays[name].whole(), values, strict=True)
    assert store.bytes_read - described == sum(values.nbytes for values in ARRAYS.values())
    store.close()


def test_a_type_that_is_not_read_is_told(tmp_path: Path) -> None:
    write_orbax(tmp_path, ARRAYS)
    description = tmp_path / "step" / ".zarray"
    description.write_text(description.read_text().replace("<i8", "<M8[s]"))
    store = ZarrStore(tmp_path, tmp_path, 1)
    assert store.skipped == [Skipped("step", "its element type <M8[s] is not one that bncli reads")]


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"zarr_format": 2, "shape": [3], "chunks": [], "dtype": "<f4"}', "x" * 2**21]
)
def test_a_broken_description_is_refused(tmp_path: Path, text: str) -> None:
    write_orbax(tmp_path, ARRAYS)
    (tmp_path / "step" / ".zarray").write_text(text)
    with pytest.raises(ValueError, match="'step'"):
        ZarrStore(tmp_path, tmp_path, 1)


def test_without_tensorstore_one_line_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorstore", None)
    with pytest.raises(MissingDependency, match="tensorstore") as caught:
        ZarrStore(tmp_path, tmp_path, 1)
    assert caught.value.hint == "pip install 'bncli[orbax]'"

"""Folders of Zarr arrays in Orbax's layouts, written with tensorstore."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tensorstore

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np


def write_orbax(
    folder: Path, arrays: Mapping[str, np.ndarray[Any, Any]], *, is_ocdbt: bool = False, driver: str = "zarr"
) -> None:
    """Write arrays under their names, and the mark that Orbax leaves in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    base: dict[str, Any] = {"driver": "file", "path": f"{folder}/"}
    store = {"driver": "ocdbt", "base": base} if is_ocdbt else base
    keys = tensorstore.KvStore.open(store).result()
    for name, values in arrays.items():
        spec = {"driver": driver, "kvstore": (keys / f"{name}/").spec().to_json()}
        opened = tensorstore.open(spec, create=True, dtype=values.dtype.name, shape=values.shape).result()
        opened.write(values).result()
    (folder / "_METADATA").write_text("{}", encoding="utf-8")

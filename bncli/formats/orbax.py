"""Orbax checkpoints: folders of Zarr arrays, as JAX programs save them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.core.named_arrays import LayerHint
from bncli.errors import MalformedFile
from bncli.formats.base import Format
from bncli.formats.byte_source import FAULTS, describe_fault
from bncli.formats.opened_file import OpenedFile
from bncli.formats.zarr_store.descriptions import FILES
from bncli.formats.zarr_store.folder import size_of_contained_files
from bncli.formats.zarr_store.store import OCDBT_MANIFEST, ZarrStore

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from bncli.core.named_arrays import NamedArrays
    from bncli.formats.probe import FileProbe

_TREE = "_METADATA"
"""Describes the tree of arrays, which Orbax writes since 2023."""
_STEP = "_CHECKPOINT_METADATA"
"""Marks the folder of a step, whose items are folders."""
_LOOKED_INTO = 16
"""In how many of its folders an array is sought, where a folder has no other mark."""
_VALUE = ".value"
"""Last part of the names of variables of Flax's nnx."""
_LEAVES = {"mean": "running_mean", "var": "running_var", "scale": "weight", "bias": "bias"}
_STATISTICS = ("mean", "var")


def recognizes(probe: FileProbe) -> bool:
    """Whether this is a folder of arrays, or of a step with one such folder in it."""
    return probe.is_directory and _arrays_folder(probe.path, probe.entry_names) is not None


def open_orbax(path: Path) -> NamedArrays:
    """Open an Orbax checkpoint by its folder, or by that of a step which holds nothing else.

    Raises:
        MissingDependency: tensorstore is not installed.
        MalformedFile: the checkpoint is broken.
        UnsafeFile: a link leads out of the folder.
    """
    try:
        folder = _arrays_folder(path, tuple(f"{entry.name}/" for entry in path.iterdir() if entry.is_dir()))
        store = ZarrStore(path, folder or path, size_of_contained_files(path))
        return OpenedFile(store, FORMAT.name, store.arrays, hints=_nnx_layers(store.arrays), skipped=store.skipped)
    except FAULTS as fault:
        raise MalformedFile(f"{path}: broken as an Orbax checkpoint: {describe_fault(fault)}") from fault


def _arrays_folder(path: Path, entry_names: Collection[str]) -> Path | None:
    """Return the folder that holds the arrays: the one that was named, or the only one in that of a step."""
    folders = [path / name for name in entry_names if name.endswith("/")]
    if _is_marked(path) or any((folder / name).is_file() for folder in folders[:_LOOKED_INTO] for name in FILES):
        return path
    items = [folder for folder in folders if _is_marked(folder)] if (path / _STEP).is_file() else []
    return items[0] if len(items) == 1 else None


def _is_marked(folder: Path) -> bool:
    return (folder / _TREE).is_file() or (folder / OCDBT_MANIFEST).is_file()


def _nnx_layers(names: Collection[str]) -> Iterator[LayerHint]:
    """Return the layers of Flax's nnx, which keeps statistics and parameters side by side."""
    suffixes = {name: name.removesuffix(_VALUE).rpartition(".") for name in names if name.endswith(_VALUE)}
    layers: dict[str, dict[str, str]] = {}
    for name, (layer, _, leaf) in suffixes.items():
        if leaf in _LEAVES:
            layers.setdefault(layer, {})[leaf] = name
    for layer, leaves in layers.items():
        if all(leaf in leaves for leaf in _STATISTICS):
            yield LayerHint(layer, roles={_LEAVES[leaf]: name for leaf, name in leaves.items()}, framework="flax")


FORMAT = Format("orbax", ("an Orbax directory",), recognizes, open_orbax)

"""The weights of a Keras model: an HDF5 file of any of its layouts, alone or inside an archive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bncli.core.named_arrays import Skipped
from bncli.formats.hdf5.datasets import UnreadDatasetError, stored_array
from bncli.formats.hdf5.opened_hdf5 import OpenedHdf5
from bncli.formats.hdf5.tree import read_tree, text_attribute
from bncli.formats.keras_models.configuration import ModelConfig, read_configuration
from bncli.formats.keras_models.layers import KerasLayers, numbered_groups
from bncli.formats.opened_file import OpenedFile
from bncli.formats.stored_array import StoredArray

if TYPE_CHECKING:
    from bncli.formats.opened_file import OpenSource
    from bncli.formats.regions import Region

_OPTIMIZER_GROUPS = frozenset({"optimizer_weights", "optimizer"})


def open_weights(source: OpenSource, format_name: str, content: Region, config: ModelConfig | None) -> OpenedFile:
    """Open the weights of a model; those of its optimizer are left out.

    Args:
        source: what the bytes come from.
        format_name: name of the format.
        content: the HDF5 file.
        config: the configuration of the model; `None` to look for it in the HDF5 file.

    Raises:
        MissingDependency: h5py is not installed.
        ValueError, OSError, RuntimeError: the file is broken.
    """
    opened = OpenedHdf5(source, content)
    try:
        tree = read_tree(opened.root, _OPTIMIZER_GROUPS.__contains__, lambda dataset: _described(dataset, opened))
        if config is None:
            text = text_attribute(opened.root, "model_config")
            config = ModelConfig() if text is None else read_configuration(text)
        arrays = {path: array for path, array in tree.datasets.items() if isinstance(array, StoredArray)}
        unread = [Skipped(path, reason) for path, reason in tree.datasets.items() if isinstance(reason, str)]
        told = {
            path: name
            for path in numbered_groups(tree.groups)
            if (name := text_attribute(opened.root[f"{path}/vars"], "name")) is not None
        }
        # Files of Keras 2 tell no names, and their groups have others: of a class, numbered by its layers.
        names = {**config.names_by_path, **told}
        layers = KerasLayers({path: array.shape for path, array in arrays.items()}, names, config)
        return OpenedFile(
            opened, format_name, arrays, hints=layers.hints, skipped=[*layers.skipped, *tree.skipped, *unread]
        )
    except BaseException:
        opened.root.close()
        raise


def _described(dataset: Any, opened: OpenedHdf5) -> StoredArray | str:
    """Return where the values of a dataset lie; or, where bncli does not read them, why."""
    try:
        return stored_array(dataset, opened.root, opened.content)
    except UnreadDatasetError as reason:
        return str(reason)

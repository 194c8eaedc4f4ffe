"""Keras 3's `.keras`: a zip of the model's configuration and an HDF5 file of its weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.formats.byte_source import opening
from bncli.formats.keras_models import configuration
from bncli.formats.keras_models.weights import open_weights
from bncli.formats.regions import FileRegion, MemoryRegion
from bncli.formats.zip_archive import ZipArchive
from bncli.formats.zip_directory import STORED
from bncli.formats.zip_format import ZipFormat

if TYPE_CHECKING:
    from pathlib import Path

    from bncli.core.named_arrays import NamedArrays
    from bncli.formats.probe import FileProbe
    from bncli.formats.regions import Region
    from bncli.formats.zip_directory import ZipDirectory

_CONFIG = "config.json"
_WEIGHTS = "model.weights.h5"
_MAX_INFLATED_BYTES = 2 * 1024**3


def recognizes(probe: FileProbe) -> bool:
    """Whether the file is a zip with a configuration and weights at the top."""
    return {_CONFIG, _WEIGHTS} <= set(probe.zip_names)


def open_keras_zip(path: Path, directory: ZipDirectory | None = None) -> NamedArrays:
    """Open a `.keras` file. The configuration is read as data, and no class that it names is looked up.

    Args:
        path: the file.
        directory: the directory of the zip, if it was read before.

    Raises:
        MissingDependency: h5py is not installed.
        MalformedFile: the archive, the configuration or the weights are broken.
    """
    with opening(path, "a Keras model") as source:
        archive = ZipArchive(FileRegion(source, 0, source.size), directory)
        config = configuration.read_configuration(archive.read_whole(_CONFIG, configuration.MAX_BYTES))
        return open_weights(source, FORMAT.name, _weights(archive), config)


def _weights(archive: ZipArchive) -> Region:
    region = archive.region(_WEIGHTS)
    if archive.members[_WEIGHTS].method == STORED:
        return region
    # HDF5 is read here and there, which a deflated member would answer by inflating again from its start.
    return MemoryRegion(archive.read_whole(_WEIGHTS, _MAX_INFLATED_BYTES))


FORMAT = ZipFormat("keras-zip", (".keras",), recognizes, open_keras_zip)

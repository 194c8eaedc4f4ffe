"""Keras's HDF5 files: whole models and weights, of Keras 1 to 3."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.formats.base import Format
from bncli.formats.byte_source import opening
from bncli.formats.keras_models.weights import open_weights
from bncli.formats.regions import FileRegion

if TYPE_CHECKING:
    from pathlib import Path

    from bncli.core.named_arrays import NamedArrays
    from bncli.formats.probe import FileProbe

_SIGNATURE = b"\x89HDF\r\n\x1a\n"


def recognizes(probe: FileProbe) -> bool:
    """Whether the file begins as HDF5."""
    return probe.head.startswith(_SIGNATURE)


def open_keras_hdf5(path: Path) -> NamedArrays:
    """Open an HDF5 file. Links and datasets that lead out of it are listed as skipped, and not followed.

    Raises:
        MissingDependency: h5py is not installed.
        MalformedFile: the file is broken.
    """
    with opening(path, "an HDF5 file") as source:
        return open_weights(source, FORMAT.name, FileRegion(source, 0, source.size), None)


FORMAT = Format("keras-hdf5", (".h5", ".hdf5", ".weights.h5"), recognizes, open_keras_hdf5)

"""Keras's HDF5 files: whole models and weights, of Keras 1 to 3."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.formats.base import Format
from bncli.formats.byte_source import opening
from bncli.formats.hdf5.checked_file import SIGNATURE
from bncli.formats.keras_models.weights import open_weights
from bncli.formats.regions import FileRegion

if TYPE_CHECKING:
    from pathlib import Path

    from bncli.core.named_arrays import NamedArrays
    from bncli.formats.probe import FileProbe

_STARTS = (0, 512, 1024, 2048)
"""Where HDF5 may begin, after bytes of whoever wrote the file (MATLAB's header, for instance). It goes on doubling, and
files that begin later are not recognized."""


def recognizes(probe: FileProbe) -> bool:
    """Whether HDF5 begins where it may in the file, but for archives, of which a member can begin there as well."""
    return _start(probe.head) == 0 or (_start(probe.head) is not None and not _is_archive(probe.head))


def _start(head: bytes) -> int | None:
    return next((start for start in _STARTS if head.startswith(SIGNATURE, start)), None)


def _is_archive(head: bytes) -> bool:
    return head.startswith(b"PK\3\4") or head.startswith(b"ustar", 257)


def open_keras_hdf5(path: Path) -> NamedArrays:
    """Open an HDF5 file. Links and datasets that lead out of it are listed as skipped, and not followed.

    Raises:
        MissingDependency: h5py is not installed.
        MalformedFile: the file is broken.
    """
    with opening(path, "an HDF5 file") as source:
        start = _start(bytes(source.read(0, min(source.size, _STARTS[-1] + len(SIGNATURE))))) or 0
        # Addresses in the file count from there.
        return open_weights(source, FORMAT.name, FileRegion(source, start, source.size - start), None)


FORMAT = Format("keras-hdf5", (".h5", ".hdf5", ".weights.h5"), recognizes, open_keras_hdf5)

"""NumPy's `.npz`: a zip of `.npy` files, whose names without that ending are the names of the arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.core.named_arrays import Skipped
from bncli.formats.byte_source import opening
from bncli.formats.numpy_header import NotNumericError, read_npy
from bncli.formats.opened_file import OpenedFile
from bncli.formats.regions import FileRegion
from bncli.formats.zip_archive import ZipArchive
from bncli.formats.zip_format import ZipFormat

if TYPE_CHECKING:
    from pathlib import Path

    from bncli.core.named_arrays import NamedArrays
    from bncli.formats.probe import FileProbe
    from bncli.formats.zip_directory import ZipDirectory

_SUFFIX = ".npy"


def recognizes(probe: FileProbe) -> bool:
    """Whether the file is a zip of nothing but `.npy` files."""
    return bool(probe.zip_names) and all(name.endswith(_SUFFIX) for name in probe.zip_names)


def open_numpy_archive(path: Path, directory: ZipDirectory | None = None) -> NamedArrays:
    """Open a `.npz` file, stored or deflated. Arrays of text, dates, structures or objects are listed as skipped.

    Args:
        path: the file.
        directory: the directory of the zip, if it was read before.

    Raises:
        MalformedFile: the zip or the header of an array is broken, or does not fit the bytes that are there.
    """
    with opening(path, "an .npz file") as source:
        archive = ZipArchive(FileRegion(source, 0, source.size), directory)
        arrays = {}
        skipped = []
        for member in archive.members:
            name = member.removesuffix(_SUFFIX)
            try:
                arrays[name] = read_npy(archive.region(member))
            except NotNumericError as error:
                skipped.append(Skipped(name, str(error)))
        return OpenedFile(source, FORMAT.name, arrays, skipped=skipped)


FORMAT = ZipFormat("npz", (".npz",), recognizes, open_numpy_archive)

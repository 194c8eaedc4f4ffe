"""torch's zip format, since 1.6: a pickle of the objects, and a member of the archive for each storage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bncli.formats.byte_source import opening
from bncli.formats.pickled_objects.opened_tree import open_tree
from bncli.formats.regions import FileRegion
from bncli.formats.torch_archive import pickle_names, read_torch_archive
from bncli.formats.zip_archive import ZipArchive
from bncli.formats.zip_format import ZipFormat

if TYPE_CHECKING:
    from pathlib import Path

    from bncli.core.named_arrays import NamedArrays
    from bncli.formats.probe import FileProbe
    from bncli.formats.zip_directory import ZipDirectory


def recognizes(probe: FileProbe) -> bool:
    """Whether the file is a zip with a `data.pkl` at the top or in a folder at the top."""
    return bool(pickle_names(probe.zip_names))


def open_torch_zip(path: Path, directory: ZipDirectory | None = None) -> NamedArrays:
    """Open a checkpoint that `torch.save` wrote.

    Args:
        path: the file.
        directory: the directory of the zip, if it was read before.

    Raises:
        MalformedFile: the archive or the pickle is broken, or a tensor needs bytes that are not there.
        UnsafeFile: the pickle names something whose only use is to run a program.
    """
    with opening(path, "a torch checkpoint") as source:
        saved = read_torch_archive(ZipArchive(FileRegion(source, 0, source.size), directory), str(path))
        return open_tree(
            source, FORMAT.name, saved.objects, saved.named_globals, saved.storage_region, saved.byte_order
        )


FORMAT = ZipFormat("torch-zip", (".pt", ".pth", ".th", ".ckpt", ".bin"), recognizes, open_torch_zip)
